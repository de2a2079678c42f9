# One transaction with ovsdb-server (RFC 7047, 4.1.3), read from standard input, so that a PSK is in no list of
# processes; its reply goes to standard output.
import json
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.settimeout(20)
connection.connect(sys.argv[1])
request = {"method": "transact", "params": json.load(sys.stdin), "id": 0}
connection.sendall(json.dumps(request).encode())
decoder = json.JSONDecoder()
text = b""
while True:
    piece = connection.recv(65536)
    if not piece:
        sys.exit("ovsdb-server closed the connection")
    text += piece
    try:
        reply, end = decoder.raw_decode(text.decode())
    except ValueError:
        continue
    # A refusal of the whole request has an error and no result; ovsdb-server's own requests have a method.
    if reply.get("id") == 0 and "method" not in reply:
        break
    text = text.decode()[end:].encode()
json.dump({"result": reply.get("result"), "error": reply.get("error")}, sys.stdout)
