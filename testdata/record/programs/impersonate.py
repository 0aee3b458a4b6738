"""A client on BoringSSL with the hello of a browser: impersonate.py URL CA.pem BROWSER"""
import sys

from curl_cffi import requests

try:
    print(requests.get(sys.argv[1], verify=sys.argv[2], impersonate=sys.argv[3], timeout=5).status_code)
except Exception as e:
    print(e)
