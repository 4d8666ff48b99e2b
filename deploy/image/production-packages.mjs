/**
 * Makes package.json one of the packages that a running bridge needs: the SDK's, which are peers for whoever installs the
 * package, become dependencies at the versions that the tests run with; the development's go. The lock file still fits.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { peerDependencies, peerDependenciesMeta, devDependencies, ...kept } = manifest;
for (const name of Object.keys(peerDependencies)) {
  if (peerDependenciesMeta[name]?.optional === true) continue;
  kept.dependencies[name] = devDependencies[name];
}
writeFileSync('package.json', `${JSON.stringify(kept, null, 2)}\n`);
