/** Chromium makes no calls of its own, asks nothing, and fits a server. */
const ALWAYS: readonly string[] = [
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-component-update',
  '--disable-default-apps',
  // Containers have a small /dev/shm, and a full one crashes pages.
  '--disable-dev-shm-usage',
  '--disable-domain-reliability',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  // The page a browser opens by itself would cost a process; sessions have contexts of their own.
  '--no-startup-window',
  // Updates and the sign-in of the browser itself have no switch that stops them all: nobody answers there. Pages
  // go to these hosts as to any other.
  '--component-updater=url-source=http://127.0.0.1:9/',
  '--gaia-url=http://127.0.0.1:9',
];

/** Features of Chromium that are switched off. */
const FEATURES_OFF: readonly string[] = [
  // Calls home, and connections made on a guess.
  'AimEnabled',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PreconnectToSearch',
  'Translate',
  // The address bar of each window, though nobody sees it, would be a renderer of its own: a third of all memory.
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  'WebUIOmniboxPopup',
  // A renderer started on a guess for the next page of each context, while most sessions stay with one site.
  'SpareRendererForSitePerProcess',
  // A page asked for by `http:` is fetched so.
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  // Playwright switches these off for its own working, but of a switch given twice the last one counts.
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'LensOverlay',
  'PaintHolding',
  'TcpPortRandomizationWin',
  'ThirdPartyStoragePartitioning',
];

const DISABLE_FEATURES = '--disable-features=';

/**
 * Command-line switches of a browser that is shared by many sessions. The user's come last: of a switch given
 * twice Chromium takes the last. Features to switch off are put together.
 */
export function chromiumArgs(userArgs: readonly string[], options: { isRoot: boolean }): string[] {
  const hasOwnProxy = userArgs.some((arg) => /^--(?:no-)?proxy-/.test(arg));
  const featuresOff = userArgs
    .filter((arg) => arg.startsWith(DISABLE_FEATURES))
    .map((arg) => arg.slice(DISABLE_FEATURES.length));
  return [
    ...ALWAYS,
    // Chromium's sandbox refuses to run as root.
    ...(options.isRoot ? ['--no-sandbox'] : []),
    // A context without a proxy is direct, whatever the system or the environment says.
    ...(hasOwnProxy ? [] : ['--no-proxy-server']),
    DISABLE_FEATURES + [...FEATURES_OFF, ...featuresOff].join(','),
    ...userArgs.filter((arg) => !arg.startsWith(DISABLE_FEATURES)),
  ];
}

/**
 * Chromium's temporary files beside its profile go into a folder of ours, so that they are removed with it.
 * Elsewhere than on Linux the folder's name may be too long for the sockets Chromium puts there.
 */
export function chromiumEnv(folder: string, userEnv: unknown): Record<string, string | undefined> {
  const env = typeof userEnv === 'object' && userEnv !== null ? userEnv : process.env;
  return { ...(process.platform === 'linux' ? { ...env, TMPDIR: folder } : env) };
}
