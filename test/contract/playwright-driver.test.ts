import { describeBrowserDriver } from './browser-driver.contract.ts';
import { PLAYWRIGHT } from './browser-drivers.ts';

describeBrowserDriver(PLAYWRIGHT);
