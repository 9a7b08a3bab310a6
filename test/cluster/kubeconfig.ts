import { writeFile } from 'node:fs/promises';

/** How a kubeconfig's user says who they are. */
export type KubeconfigUser =
  { readonly token: string } | { readonly clientCertificatePem: string; readonly clientKeyPem: string };

export interface KubeconfigContent {
  /** Such as `https://127.0.0.1:12345`. */
  readonly server: string;
  readonly authorityPem: string;
  readonly userName: string;
  readonly user: KubeconfigUser;
}

/** Writes a kubeconfig with one context, readable by the owner alone. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<void> {
  const { user } = content;
  const credentials =
    'token' in user
      ? { token: user.token }
      : {
          'client-certificate-data': base64(user.clientCertificatePem),
          'client-key-data': base64(user.clientKeyPem),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'bindery',
        cluster: { server: content.server, 'certificate-authority-data': base64(content.authorityPem) },
      },
    ],
    users: [{ name: content.userName, user: credentials }],
    contexts: [{ name: 'bindery', context: { cluster: 'bindery', user: content.userName } }],
    'current-context': 'bindery',
  };
  // Every JSON document is a YAML document.
  await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
