// What each Python of a run loads before its program: a `sitecustomize` module. Text, since Python reads it and we do not.

/**
 * Written for Python 3.6 and later; an older one leaves it at once. It imports nothing that Python has not loaded by then: it waits until a program imports
 * `socket`, `ssl`, `certifi` or `stripe`, and changes these then.
 *
 * - `socket`: a bound host's name resolves to an address of its own below 127.83.0.0/16, and a connection there goes through the run's proxy (CONNECT,
 *   RFC 9110 section 9.3.6). So http.client, urllib3, httplib2 and aiohttp reach it with no setting of theirs. Other hosts cost one look into a table.
 * - `ssl`: whoever loads roots from a file of its own trusts the run's root too. That root is limited to the bound hosts by its name constraints.
 * - `certifi`, `stripe`: the file that they name is the run's.
 */
export const PYTHON_SITE = `import sys


class Site:
    def __init__(self, settings):
        self.settings = settings
        self.targets = {}
        self.addresses = {}

    def is_bound(self, host, port):
        hosts = self.settings["hosts"]
        if hosts.get(host) is not None and port in hosts[host]:
            return True
        dot = host.find(".")
        return dot > 0 and port in hosts.get("*" + host[dot:], ())

    def target_of(self, host, port):
        if isinstance(host, (bytes, bytearray)):
            host = bytes(host).decode("ascii", "replace")
        if not isinstance(host, str):
            return None
        try:
            port = int(port)
        except (TypeError, ValueError):
            port = {"https": 443, "http": 80}.get(port, 0)
        name = host.lower().rstrip(".")
        return (name, port) if self.is_bound(name, port) else None

    def address_of(self, target):
        address = self.addresses.get(target)
        if address is None:
            number = len(self.addresses) + 1
            address = ("127.83.%d.%d" % (number >> 8 & 255, number & 255), target[1])
            self.addresses[target] = address
            self.targets[address] = target
        return address

    def open_tunnel(self, raw, one, target):
        timeout = one.gettimeout()
        raw.settimeout(one, 60)
        try:
            raw.connect(one, (self.settings["proxyHost"], self.settings["proxyPort"]))
            authority = "%s:%d" % (("[%s]" % target[0]) if ":" in target[0] else target[0], target[1])
            head = "CONNECT %s HTTP/1.1\\r\\nHost: %s\\r\\nProxy-Authorization: %s\\r\\n\\r\\n" % (authority, authority, self.settings["authorization"])
            raw.sendall(one, head.encode("latin-1"))
            answer = b""
            # One byte at a time: what comes behind the head is the host's.
            while not answer.endswith(b"\\r\\n\\r\\n"):
                byte = raw.recv(one, 1)
                if not byte or len(answer) > 65536:
                    raise ConnectionResetError("vault run: the proxy ended the connection to %s" % authority)
                answer += byte
            if answer.split(b" ", 2)[1:2] != [b"200"]:
                raise ConnectionRefusedError("vault run: the proxy refused %s: %s" % (authority, answer.split(b"\\r\\n", 1)[0].decode("latin-1")))
        finally:
            raw.settimeout(one, timeout)

    def change_socket(self, socket):
        site, raw = self, socket.socket.__mro__[1]
        resolve, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
        inet = (socket.AF_UNSPEC, socket.AF_INET)

        def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
            target = None if host is None or flags & socket.AI_PASSIVE else site.target_of(host, port)
            if target is None or family not in inet:
                return resolve(host, port, family, type, proto, flags)
            return resolve(site.address_of(target)[0], port, socket.AF_INET, type, proto, 0)

        def find(one, address):
            if one.family != socket.AF_INET or not isinstance(address, tuple) or len(address) != 2 or not one.type & socket.SOCK_STREAM:
                return None
            return site.targets.get(address) or site.target_of(*address)

        def connect_to(one, address):
            target = find(one, address)
            return connect(one, address) if target is None else site.open_tunnel(raw, one, target)

        def connect_ex_to(one, address):
            target = find(one, address)
            if target is None:
                return connect_ex(one, address)
            try:
                site.open_tunnel(raw, one, target)
            except OSError as error:
                return error.errno or 111
            return 0

        socket.getaddrinfo = getaddrinfo
        socket.socket.connect = connect_to
        socket.socket.connect_ex = connect_ex_to

    def change_ssl(self, ssl):
        site, load = self, ssl.SSLContext.load_verify_locations

        def load_verify_locations(context, cafile=None, capath=None, cadata=None):
            load(context, cafile, capath, cadata)
            load(context, cadata=site.settings["root"])

        ssl.SSLContext.load_verify_locations = load_verify_locations

    def change_certifi(self, certifi):
        certifi.where = lambda: self.settings["caFile"]

    def change_stripe(self, stripe):
        stripe.ca_bundle_path = self.settings["caFile"]


class Finder:
    def __init__(self, changes):
        self.changes = changes

    def find_spec(self, name, path=None, target=None):
        change = self.changes.get(name)
        if change is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                execute = spec.loader.exec_module

                def exec_module(module):
                    execute(module)
                    try:
                        change(module)
                    except Exception:
                        # A module that is not as expected stays as it is.
                        pass

                try:
                    spec.loader.exec_module = exec_module
                except Exception:
                    pass
                return spec
        return None


def load_next(here):
    sys.path[:] = [path for path in sys.path if path != here]
    sys.modules.pop("sitecustomize", None)
    __import__("sitecustomize")


def start(settings, here):
    if sys.version_info >= (3, 6):
        site = Site(settings)
        changes = {"socket": site.change_socket, "ssl": site.change_ssl, "certifi": site.change_certifi, "stripe": site.change_stripe}
        for name in list(changes):
            if name in sys.modules:
                changes.pop(name)(sys.modules[name])
        sys.meta_path.insert(0, Finder(changes))
    load_next(here)
`;
