/** The pictures of docs/pictures/, each by the name of its file. */

export interface Picture {
  /** The words for whoever does not see it. */
  readonly title: string;
  /** Of the terminal. A picture of one screen is cut to what is there. */
  readonly rows: number;
  /** Null: one screen. Otherwise how long a film stands at each screen, at least and at most, in seconds. */
  readonly pace: readonly [least: number, most: number] | null;
}

export const columns = 80;

export const pictures = {
  quickstart: {
    title: "regctl quickstart: a registry, an image, all the way there and back",
    rows: 30,
    pace: [0.7, 1.6],
  },
  "setup-insecure": {
    title: "regctl setup insecure: what would change, and then the change, proved",
    rows: 60,
    pace: null,
  },
  doctor: {
    title: "regctl doctor: the whole way to a registry, the fault, and what to type",
    rows: 60,
    pace: null,
  },
  publish: {
    title: "regctl publish: an image on its way into a registry, and found there",
    rows: 22,
    pace: [0.15, 1.2],
  },
  tunnel: {
    title: "regctl tunnel: a registry that listens on its server alone, as a port here",
    rows: 60,
    pace: null,
  },
} as const satisfies Readonly<Record<string, Picture>>;

export type PictureName = keyof typeof pictures;
