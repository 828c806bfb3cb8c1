/** Which few of many tags are most likely the newest. Pure. */
import { sortTags } from "../registry/semver.ts";
import { isAboutImages } from "./tag-order.ts";

export interface TagChooser {
  /** A page of tags; only those that may be chosen are kept. */
  add(tags: readonly string[]): void;
  /** The most likely first. */
  choose(): readonly string[];
}

function isVersion(tag: string): boolean {
  return /^v?\d/i.test(tag);
}

/** `latest`, then the highest versions (dates are versions too), and for a third of the places names. */
export function createTagChooser(most: number): TagChooser {
  let hasLatest = false;
  let versions: readonly string[] = [];
  let names: readonly string[] = [];
  return {
    add: (tags) => {
      hasLatest ||= tags.includes("latest");
      const images = tags.filter((tag) => tag !== "latest" && !isAboutImages(tag));
      versions = highest([...versions, ...images.filter(isVersion)], most);
      names = highest([...names, ...images.filter((tag) => !isVersion(tag))], most);
    },
    choose: () => {
      const latest = hasLatest ? ["latest"] : [];
      const forNames = Math.max(Math.floor(most / 3), most - latest.length - versions.length);
      const chosenNames = names.slice(0, forNames);
      const chosenVersions = versions.slice(0, most - latest.length - chosenNames.length);
      return [...latest, ...chosenVersions, ...chosenNames].slice(0, most);
    },
  };
}

function highest(tags: readonly string[], most: number): readonly string[] {
  return sortTags([...new Set(tags)])
    .toReversed()
    .slice(0, most);
}
