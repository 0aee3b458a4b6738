"""One HTTPS request with Python's own client: https.py URL CA.pem"""
import ssl
import sys
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], context=ssl.create_default_context(cafile=sys.argv[2]), timeout=5) as response:
        print(response.status)
except OSError as e:
    print(e)
