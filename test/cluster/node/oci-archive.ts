import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { endOfTar, tar, tarFile, type TarEntry } from './tar.ts';

export interface Image {
  /** Such as `bindery.local/bindery:test`. */
  readonly name: string;
  /** Lowest first. Images with an equal layer share it in containerd. */
  readonly layers: readonly (readonly TarEntry[])[];
  readonly entrypoint: readonly string[];
  /** Numeric, `<user>:<group>`: the kubelet can tell that it is not root. Default: root. */
  readonly user?: string;
  /** Default: `/`. */
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Blob {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly pieces: readonly Buffer[];
}

const types = {
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
};

/**
 * Writes an image as an OCI archive (image-spec 1.1, image layout), as `ctr images import` reads it. Layers are not
 * compressed: the archive never leaves this machine. Gives the size of the content in bytes.
 */
export async function writeOciArchive(path: string, image: Image): Promise<number> {
  const layers = image.layers.map((entries) => toBlob(tar(entries)));
  const platform = { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' };
  const config = jsonBlob({
    ...platform,
    config: {
      Entrypoint: image.entrypoint,
      Env: Object.entries({ PATH: '/bin', ...image.env }).map(([name, value]) => `${name}=${value}`),
      WorkingDir: image.workingDirectory ?? '/',
      ...(image.user === undefined ? {} : { User: image.user }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(types.config, config),
    layers: layers.map((layer) => descriptor(types.layer, layer)),
  });
  const index = jsonBlob({
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [
      {
        ...descriptor(types.manifest, manifest),
        platform,
        annotations: {
          'io.containerd.image.name': image.name,
          'org.opencontainers.image.ref.name': image.name.split(':').at(-1),
        },
      },
    ],
  });
  const blobs = new Map([...layers, config, manifest].map((blob) => [blob.digest, blob]));
  await writePieces(path, [
    ...tarFile('oci-layout', [Buffer.from('{"imageLayoutVersion":"1.0.0"}')], 0o644),
    ...tarFile('index.json', index.pieces, 0o644),
    ...[...blobs.values()].flatMap(({ digest, pieces }) =>
      tarFile(`blobs/${digest.replace(':', '/')}`, pieces, 0o644),
    ),
    endOfTar,
  ]);
  return layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function toBlob(pieces: readonly Buffer[]): Blob {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes, pieces };
}

function jsonBlob(value: unknown): Blob {
  return toBlob([Buffer.from(JSON.stringify(value))]);
}

function descriptor(mediaType: string, { digest, sizeBytes }: Blob): object {
  return { mediaType, digest, size: sizeBytes };
}

async function writePieces(path: string, pieces: readonly Buffer[]): Promise<void> {
  const handle = await open(path, 'w', 0o644);
  try {
    for (const piece of pieces) await handle.writeFile(piece);
  } finally {
    await handle.close();
  }
}
