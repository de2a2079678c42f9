# A key is made on the host with its own openssl, and the request (or the self-signed certificate) for it comes back.
folder=@folder@
name=@name@
existing=@existing@
have "$folder"
key=$existing
if [ -z "$key" ]; then
  staged=$folder/.$name-privkey.staged
  # Its standard output is a file that was not there before, so that nobody else has it open.
  answer=$(umask 077 && set -C && rm -f -- "$staged" && openssl genrsa @bits@ 2>&1 >"$staged") || { rm -f -- "$staged"; fail "openssl could not make a key in $folder: $answer"; }
  hash=$(openssl pkey -in "$staged" -pubout -outform DER 2>/dev/null | openssl dgst -sha256 | sed 's/.*= *//' | cut -c 1-16)
  [ "${#hash}" -eq 16 ] || { rm -f -- "$staged"; fail "openssl made a key that it cannot read"; }
  key=$folder/$name-$hash-privkey.pem
  { sync "$staged" 2>/dev/null || sync; } && mv -f -- "$staged" "$key" || { rm -f -- "$staged"; fail "$key could not be written"; }
fi
printf '%s key 0\n%s\n' @mark@ "$key"
answer=$(printf '%s' @config@ | openssl req -new @options@ -sha256 -key "$key" -config /dev/stdin 2>&1) || fail "openssl could not make the request: $answer"
printf '\n%s request 0\n%s\n' @mark@ "$answer"
