/**
 * `/var/lib/boot2docker/profile`, sourced by the init script of boot2docker. docker-machine fills it with a
 * quoted text of many lines, which stays as it is: our line comes after it and begins with what it set.
 */
import type { ListFormat } from "./format.ts";
import { shellFile } from "./shell-file.ts";

export const boot2dockerProfile: ListFormat = { ...shellFile("EXTRA_ARGS"), name: "boot2docker profile" };
