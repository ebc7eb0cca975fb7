#!/bin/sh
# See that there is a Chromium for the tests of the HTML report: install it where that is one safe command
# (Debian, as root), else say how. Never fails: the tests that need it are skipped without it.

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
for app in Chromium "Google Chrome"; do
    [ -x "/Applications/$app.app/Contents/MacOS/$app" ] && exit 0
done

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "== installing Chromium for the tests of the HTML report (apt-get install chromium)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-liberation >/dev/null && exit 0
fi
echo "No Chromium: the tests marked 'browser' will be skipped. To run them:"
echo "  Debian: apt install chromium    Ubuntu: snap install chromium    macOS: brew install --cask chromium"
