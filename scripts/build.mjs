import { build } from 'tsdown';

// Through the API: the command warns at every run that it will leave Node 20 behind.
await build({ logLevel: 'warn' });
