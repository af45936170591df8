// Logs to try: those of the command's demonstration.

export interface Sample {
  readonly name: string;
  readonly kind: string;
  readonly about: string;
  readonly load: () => Promise<{ default: string }>;
}

export const SAMPLES: readonly Sample[] = [
  { name: "auth.log", kind: "Linux, sshd and PAM", about: "Two accounts guessed, one by a repeated line", load: () => import("../../runner/samples/auth.log?raw") },
  { name: "security.jsonl", kind: "Windows, Security log", about: "A burst on administrator, and svc-backup taken", load: () => import("../../runner/samples/security.jsonl?raw") },
  { name: "audit.jsonl", kind: "Microsoft 365", about: "Credential stuffing from one address that worked", load: () => import("../../runner/samples/audit.jsonl?raw") },
  { name: "okta.jsonl", kind: "Okta System Log", about: "Push after push until the user gives in", load: () => import("../../runner/samples/okta.jsonl?raw") },
  { name: "duo.jsonl", kind: "Duo", about: "Five challenges, and nobody logs in", load: () => import("../../runner/samples/duo.jsonl?raw") },
  { name: "signins.jsonl", kind: "Entra sign-ins", about: "Six wrong passwords, then the right one", load: () => import("../../runner/samples/signins.jsonl?raw") },
];

export async function load(samples: readonly Sample[]): Promise<File[]> {
  return Promise.all(samples.map(async (sample) => new File([(await sample.load()).default], sample.name)));
}
