import { isIPv4, isIPv6, type Socket } from 'node:net';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { ConnectError } from './connect-error.ts';
import { Handshake } from './proxy-socket.ts';

const VERSION = 5;
const NO_AUTHENTICATION = 0x00;
const USERNAME_PASSWORD = 0x02;
const CONNECT = 0x01;
const IPV4 = 0x01;
const NAME = 0x03;
const IPV6 = 0x04;

/** RFC 1928, section 6. */
const REPLIES: readonly string[] = [
  'succeeded',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
];

/** Asks a SOCKS5 proxy (RFC 1928) for a tunnel, with username and password (RFC 1929) where it wants them. Names are resolved by the proxy. */
export async function openSocks5Tunnel(
  socket: Socket,
  proxy: ProxyInfo,
  host: string,
  port: number,
): Promise<void> {
  const where = `the proxy ${proxy.hostname}:${proxy.port}`;
  const handshake = new Handshake(socket, where);
  await authenticate(handshake, proxy, where);
  handshake.write(connectRequest(host, port));
  const reply = await handshake.take(4);
  if (reply[0] !== VERSION) throw new ConnectError('proxy', `${where} does not speak SOCKS5`);
  const code = reply[1] as number;
  if (code !== 0) {
    throw new ConnectError('proxy', `${where} refused: ${REPLIES[code] ?? `code ${code}`}`);
  }
  const type = reply[3];
  const length = type === IPV4 ? 4 : type === IPV6 ? 16 : ((await handshake.take(1))[0] as number);
  await handshake.take(length + 2);
}

async function authenticate(
  handshake: Handshake,
  { username, password }: ProxyInfo,
  where: string,
): Promise<void> {
  const hasCredentials = username !== '' || password !== '';
  const methods = hasCredentials ? [NO_AUTHENTICATION, USERNAME_PASSWORD] : [NO_AUTHENTICATION];
  handshake.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await handshake.take(2);
  if (version !== VERSION) throw new ConnectError('proxy', `${where} does not speak SOCKS5`);
  if (method === NO_AUTHENTICATION) return;
  if (method !== USERNAME_PASSWORD || !hasCredentials) {
    throw new ConnectError('proxy', `${where} asks for another way to authenticate`);
  }
  handshake.write(Buffer.concat([Buffer.from([1]), prefixed(username), prefixed(password)]));
  const [, status] = await handshake.take(2);
  if (status !== 0) throw new ConnectError('proxy', `${where} refused the credentials`);
}

function connectRequest(host: string, port: number): Buffer {
  const head = [VERSION, CONNECT, 0];
  const portBytes = Buffer.from([port >> 8, port & 0xff]);
  if (isIPv4(host)) {
    return Buffer.concat([Buffer.from([...head, IPV4, ...host.split('.').map(Number)]), portBytes]);
  }
  if (isIPv6(host))
    return Buffer.concat([Buffer.from([...head, IPV6]), ipv6Bytes(host), portBytes]);
  return Buffer.concat([Buffer.from([...head, NAME]), prefixed(host), portBytes]);
}

function prefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) {
    throw new ConnectError('invalid', 'SOCKS5 takes at most 255 bytes for a name or a credential');
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** The URL parser has already turned an embedded IPv4 part into groups. */
function ipv6Bytes(address: string): Buffer {
  const [start = '', end] = address.split('::');
  const first = start === '' ? [] : start.split(':');
  const last = end === undefined || end === '' ? [] : end.split(':');
  const gap = Array.from({ length: 8 - first.length - last.length }, () => '0');
  const groups = [...first, ...gap, ...last].map((group) => Number.parseInt(group, 16));
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
