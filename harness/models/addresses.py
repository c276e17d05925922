"""Addresses of servers: which base URLs are taken, which lie on this machine, and which are never asked. Names are not resolved here."""

from __future__ import annotations

import ipaddress
import re

from harness.errors import HarnessError

# What every parser reads alike. Backslashes, percent signs, control characters, digits of other scripts and a host's trailing dot are read differently
# by different ones, so that a check of one parser's host would say nothing of the host that another one calls.
HOST = r"\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
PLAIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{HOST})(?::(?P<port>\d{{1,5}}))?(?:/[!-\[\]-~]*)?", re.IGNORECASE | re.ASCII)
# A host that ends in a number is an IPv4 address to the resolver, however it is spelt: 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1.
NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
PORTS = {"http": 80, "https": 443}
# Where clouds hand out credentials. Link-local addresses, the usual place, are refused as a whole.
METADATA_HOSTS = ("metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal")
METADATA_NETWORKS = tuple(map(ipaddress.ip_network, ("fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32")))
# IPv6 addresses that mean the IPv4 address in their last 32 bits: mapped, compatible, NAT64.
EMBEDDING = tuple(map(ipaddress.ip_network, ("::ffff:0:0/96", "::/96", "64:ff9b::/96")))

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def checked_url(url: str, spec: str) -> str:
    """The URL, host in lower case, without a trailing slash. Raises HarnessError for one that could carry a secret into a record or that is never asked."""
    if set(url) & set("@?#"):
        raise HarnessError("a base URL holds no user, password or query", where=spec, mend="Put the key into HARNESS_ENDPOINT_KEY.")
    parts = parse_plain(url)
    if parts is None:
        raise HarnessError(f"{url!r} is no base URL", where=spec, mend="Use http://host:port/v1.")
    refuse_host(parts["host"].lower(), spec)
    return (url[: parts.end("host")].lower() + url[parts.end("host") :]).rstrip("/")


def parse_plain(url: str) -> re.Match[str] | None:
    """The parts of a plain URL; None for any other, and for a port that there is not."""
    parts = PLAIN.fullmatch(url)
    return parts if parts is not None and 0 < int(parts["port"] or 1) < 2**16 else None


def refuse_host(host: str, spec: str) -> None:
    """Raises HarnessError for an address in an unusual spelling, one that only a server listens at, and one of cloud metadata."""
    address = ip_address_of(host)
    if is_embedded(address) or (address is None and (host.startswith("[") or NUMBER.fullmatch(host))):
        raise HarnessError(f"{host} is an IP address in an unusual spelling", where=spec, mend="Write IPv4 as four decimal numbers, such as 127.0.0.1.")
    if address is not None and (address.is_unspecified or address.is_multicast or address in ipaddress.ip_network("0.0.0.0/8")):
        raise HarnessError(f"{host} is no address that can be asked", where=spec, mend="Use 127.0.0.1 for a server on this machine.")
    if host in METADATA_HOSTS or is_metadata(address):
        raise HarnessError(f"{host} is an address of cloud metadata or link-local", where=spec, mend="Use the address at which the model is served.")


def ip_address_of(host: str) -> IpAddress | None:
    """The address that a host is in its usual spelling; None for a name."""
    try:
        return ipaddress.IPv6Address(host[1:-1]) if host.startswith("[") else ipaddress.IPv4Address(host)
    except ValueError:
        return None


def is_embedded(address: IpAddress | None) -> bool:
    """True for an IPv4 address written as IPv6; ::1 and :: are their own."""
    return isinstance(address, ipaddress.IPv6Address) and int(address) > 1 and (address.sixtofour is not None or any(address in net for net in EMBEDDING))


def is_metadata(address: IpAddress | None) -> bool:
    return address is not None and (address.is_link_local or any(address in network for network in METADATA_NETWORKS))


def local(url: str) -> bool:
    """True for a server on this machine, which may do without a key and without TLS: 127.0.0.0/8, ::1, localhost, in their usual spellings alone."""
    parts = parse_plain(url)
    if parts is None:
        return False
    address = ip_address_of(parts["host"])
    return parts["host"].lower() == "localhost" if address is None else address.is_loopback and not is_embedded(address)


def authority(url: str) -> str:
    """host[:port] of a checked URL, without the port that its scheme implies: what a key is declared for."""
    parts = parse_plain(url)
    assert parts is not None  # checked_url let it through
    port = int(parts["port"] or PORTS[parts["scheme"]])
    return parts["host"] if port == PORTS[parts["scheme"]] else f"{parts['host']}:{port}"
