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
    # A refusal of the whole request has an error and no result; ovsdb-server's own requests have a method.
    if reply.get("id") == 0 and "method" not in reply:
        break
    text = text.decode()[end:].encode()
result, error = reply.get("result"), reply.get("error")
json.dump({"result": result, "error": error}, sys.stdout)
if error is not None or any(item and "error" in item for item in result):
    sys.exit(3)
