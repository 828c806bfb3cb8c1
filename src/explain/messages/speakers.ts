/** The programs that report failures of registries, how their texts are known, and how each of them is told. */

export interface Speaker {
  /** As people call it. */
  readonly label: string;
  readonly match: RegExp;
  /** How it is told to use plain HTTP, or to check no certificate. `registry` is safe to paste. */
  insecure(registry: string): readonly string[];
  /** How it is told which authority to trust. */
  trust(registry: string): readonly string[];
  login(registry: string): readonly string[];
}

const ours = (registry: string): readonly string[] => [`regctl login ${registry}`];

const hostsToml = (registry: string, ...table: readonly string[]): string =>
  `sudo mkdir -p /etc/containerd/certs.d/${registry} && printf '${table.join("\\n")}\\n' | sudo tee /etc/containerd/certs.d/${registry}/hosts.toml`;

const plainHosts = (registry: string): string =>
  hostsToml(registry, `[host."http://${registry}"]`, '  capabilities = ["pull", "resolve", "push"]');

const trustedHosts = (registry: string): readonly string[] => [
  `sudo mkdir -p /etc/containerd/certs.d/${registry} && sudo cp ca.crt /etc/containerd/certs.d/${registry}/ca.crt`,
];

const rebuilt = "docker buildx create --driver docker-container --config buildkitd.toml --use";

const docker: Speaker = {
  label: "docker",
  match: /Error response from daemon|\bdockerd\b|\bdocker(?: |:(?!\/\/)|\.service)|Docker daemon/,
  insecure: (registry) => [`regctl setup insecure ${registry}`],
  trust: (registry) => [`regctl setup trust ${registry}`],
  login: ours,
};

/** The first that matches the line, else the first that matches the whole text, has said it. */
const speakers: readonly Speaker[] = [
  {
    label: "BuildKit",
    match: /failed to solve|failed to resolve source metadata|load metadata for|\bbuildkit|\bbuildx\b/,
    insecure: (registry) => [
      `regctl setup insecure ${registry}`,
      `A buildx builder in a container reads its own file: printf '[registry."${registry}"]\\n  http = true\\n' >buildkitd.toml; ${rebuilt}`,
    ],
    trust: (registry) => [
      `regctl setup trust ${registry}`,
      `A buildx builder in a container reads its own file: printf '[registry."${registry}"]\\n  ca = ["/path/to/ca.pem"]\\n' >buildkitd.toml; ${rebuilt}`,
    ],
    login: ours,
  },
  {
    label: "k3s, RKE2",
    match: /\b(?:k3s|rke2)\b/,
    insecure: (registry) => [
      `On every node, in /etc/rancher/k3s/registries.yaml: mirrors: {"${registry}": {endpoint: ["http://${registry}"]}}`,
      "sudo systemctl restart k3s",
    ],
    trust: (registry) => [
      `On every node, in /etc/rancher/k3s/registries.yaml: configs: {"${registry}": {tls: {ca_file: /path/to/ca.pem}}}`,
      "sudo systemctl restart k3s",
    ],
    login: (registry) => [
      `On every node, in /etc/rancher/k3s/registries.yaml: configs: {"${registry}": {auth: {username: NAME, password: SECRET}}}`,
    ],
  },
  {
    label: "kubelet",
    match:
      /Failed to pull image|ErrImagePull|ImagePullBackOff|failed to pull and unpack image|PullImage|\bkubelet\b|rpc error: code/,
    insecure: (registry) => [`On every node: ${plainHosts(registry)}`],
    trust: (registry) => trustedHosts(registry).map((line) => `On every node: ${line}`),
    login: (registry) => [
      `kubectl create secret docker-registry regcred --docker-server=${registry} --docker-username=NAME --docker-password=SECRET`,
      "Name it in the pod: imagePullSecrets: [{name: regcred}]",
    ],
  },
  {
    label: "podman, buildah, skopeo",
    match:
      /\b(?:podman|buildah|skopeo)\b|initializing (?:image from )?source docker|Error parsing image name|logging into "|docker:\/\/|pinging container registry|trying to reuse blob|writing blob: |authenticating creds for|reading manifest \S{1,200} in /,
    insecure: (registry) => [
      `printf '[[registry]]\\nlocation = "${registry}"\\ninsecure = true\\n' | sudo tee /etc/containers/registries.conf.d/50-registry.conf`,
      "For one command: --tls-verify=false",
    ],
    trust: (registry) => [
      `sudo mkdir -p /etc/containers/certs.d/${registry} && sudo cp ca.crt /etc/containers/certs.d/${registry}/ca.crt`,
    ],
    login: (registry) => [`podman login ${registry}`, `regctl login ${registry}`],
  },
  docker,
  {
    label: "containerd",
    match: /\bctr\b|\bnerdctl\b|\bcontainerd\b|failed to resolve (?:reference|image)/,
    insecure: (registry) => [
      plainHosts(registry),
      "ctr reads it only when told: ctr images pull --hosts-dir /etc/containerd/certs.d REF",
    ],
    trust: trustedHosts,
    login: (registry) => [`nerdctl login ${registry}`, `ctr images pull --user NAME ${registry}/NAME:TAG`],
  },
  {
    label: "helm",
    match: /\bhelm\b|\bchart\b|failed to perform "/,
    insecure: () => ["Add to the command: --plain-http"],
    trust: () => ["Add to the command: --ca-file ca.pem"],
    login: (registry) => [`helm registry login ${registry}`],
  },
  {
    label: "oras",
    match: /\boras\b|Error response from registry/,
    insecure: () => ["Add to the command: --plain-http"],
    trust: () => ["Add to the command: --ca-file ca.pem"],
    login: (registry) => [`oras login ${registry}`, `regctl login ${registry}`],
  },
  {
    label: "crane",
    match: /\bcrane\b|fetching manifest /,
    insecure: () => ["Add to the command: --insecure"],
    trust: () => [
      "crane trusts what the system trusts: sudo cp ca.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates",
    ],
    login: (registry) => [`crane auth login ${registry}`, `regctl login ${registry}`],
  },
];

/** Nobody is known: it is answered as to whoever has the docker engine, which most have. */
const anybody: Speaker = { ...docker, label: "the engine" };

export function speakerOf(line: string, text: string): Speaker {
  return (
    speakers.find(({ match }) => match.test(line)) ??
    speakers.find(({ match }) => match.test(text)) ??
    anybody
  );
}
