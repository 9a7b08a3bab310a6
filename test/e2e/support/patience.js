import { jest } from '@jest/globals';

// Containers start, images may be pulled, and commands say themselves how long they wait and what for.
jest.setTimeout(180_000);
