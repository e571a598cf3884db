import { describeBrowserDriver } from './browser-driver.contract.ts';
import { DRIVERS } from './browser-drivers.ts';

for (const driver of DRIVERS) describeBrowserDriver(driver);
