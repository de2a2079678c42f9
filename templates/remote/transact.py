# One transaction with ovsdb-server (RFC 7047, 4.1.3), read from standard input, so that a PSK is in no list of
# processes; its reply goes to standard output. The status is 3 where the database has refused it.
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
    if reply.get("id") == 0 and "result" in reply:
        break
    text = text.decode()[end:].encode()
json.dump({"result": reply["result"], "error": reply["error"]}, sys.stdout)
if reply["error"] is not None or any(item and "error" in item for item in reply["result"]):
    sys.exit(3)
