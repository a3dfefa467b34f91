"""A proxy on loopback that opens tunnels, by CONNECT alone."""
import socket
import threading


class Proxy:
    """routes: (piece of a host's name, URL that stands in for it), the first
    that matches; a host that none matches is refused. A host of loopback is
    reached itself."""

    def __init__(self, *routes):
        self.routes = routes
        self.asked = []         # "host:port" of each CONNECT
        self.heads = []         # its header lines
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def hosts(self):
        return {asked.rpartition(":")[0] for asked in self.asked}

    def serve(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(s,), daemon=True).start()

    def target(self, asked):
        host, _, port = asked.rpartition(":")
        for piece, url in self.routes:
            if piece in host:
                return "127.0.0.1", int(url.rpartition(":")[2])
        return ("127.0.0.1", int(port)) if host == "127.0.0.1" else None

    def one(self, s):
        head = b""
        try:
            while not head.endswith(b"\r\n\r\n"):
                piece = s.recv(1)
                if not piece:
                    return s.close()
                head += piece
            lines = head.decode("latin-1").split("\r\n")
            method, asked, _ = lines[0].split(" ")
            assert method == "CONNECT", lines[0]
            self.asked.append(asked)
            self.heads.append(lines[1:-2])
            where = self.target(asked)
            if where is None:
                s.sendall(b"HTTP/1.1 502 No route\r\n"
                          b"Content-Length: 0\r\n\r\n")
                return s.close()
            peer = socket.create_connection(where)
            s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        except OSError:
            return s.close()
        threading.Thread(target=self.pass_on, args=(s, peer),
                         daemon=True).start()
        return self.pass_on(peer, s)

    @staticmethod
    def pass_on(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        a.close()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
