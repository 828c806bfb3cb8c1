/** Kubernetes, and the small ones of it. */
import type { MessageRow } from "./row.ts";

export const clusterRows: readonly MessageRow[] = [
  {
    id: "insecure-at-creation",
    says: "minikube start --insecure-registry is ignored on an existing cluster",
    match:
      /You cannot change the insecure[- ]registr\w{1,4}[^\n]{0,100}existing|--insecure-registry (?:is )?ignored/i,
    who: "minikube",
    means: ({ registry }) => ({
      code: "REGISTRY_PROTOCOL",
      message: "minikube takes insecure registries only when a cluster is made.",
      remedies: [`minikube delete && minikube start --insecure-registry ${registry}`],
    }),
  },
  {
    id: "image-never-pulled",
    says: 'Container image "NAME" is not present with pull policy of Never',
    match: /ErrImageNeverPull|is not present with pull policy of Never/,
    who: "kubelet",
    means: () => ({
      code: "IMAGE_MISSING",
      message: "The node does not have the image, and the pod forbids it to pull.",
      remedies: [
        "kind load docker-image NAME:TAG",
        "minikube image load NAME:TAG",
        "Or give the pod another imagePullPolicy than Never",
      ],
    }),
  },
  {
    id: "not-in-cluster",
    says: 'ERROR: image: "NAME" not present locally',
    match: /ERROR: image: "(?<image>[^"\n]{1,253})" not present locally/,
    who: "kind",
    means: ({ part }) => ({
      code: "IMAGE_MISSING",
      message: `The engine has no image ${part("image", "")} that could be loaded into the cluster.`,
      remedies: ["regctl images", "docker image ls"],
    }),
  },
  {
    id: "image-name-invalid",
    says: "InvalidImageName",
    match: /InvalidImageName|couldn't parse image (?:name|reference)[^\n]{0,400}/,
    who: "kubelet",
    means: () => ({
      code: "BAD_REFERENCE",
      message: "The name of the image in the pod is not one: it has a scheme, a capital letter or a space.",
      remedies: ["In the pod: image: HOST:PORT/NAME:TAG"],
    }),
  },
  {
    id: "pull-back-off",
    says: 'Back-off pulling image "HOST:PORT/NAME:TAG"',
    match: /Back-off pulling image "?(?<image>[^"\s]{1,300})|ImagePullBackOff|ErrImagePull/,
    who: "kubelet",
    symptom: true,
    means: ({ registry, part }) => ({
      code: "PULL_BACK_OFF",
      message: `A node could not pull ${part("image", "an image")} and waits before it tries again; why stands in an earlier event.`,
      remedies: [
        "kubectl describe pod POD",
        "kubectl get events --field-selector reason=Failed",
        `regctl doctor ${registry}`,
      ],
    }),
  },
];
