// What `listener-program` does, in perl: bare Node needs thirty milliseconds of a processor to begin, perl two, and nearly every Linux has it (bubblewrap's own machines: Debian's `perl-base` is essential).
// It speaks Node's channel (JSON, a line each; a socket comes along as SCM_RIGHTS and is acknowledged, as lib/internal/child_process.js has it), since vault's end is a Node.

/** sendmsg(2) by its number: perl has no word for it. Of other processors the Node listener does the work. */
const SENDMSG: Readonly<Record<string, number>> = { x64: 46, arm64: 211 };

/** The first argument of `PERL_LISTENER`; undefined where it cannot be used. */
export function sendmsgNumber(arch: string): number | undefined {
  return SENDMSG[arch];
}

/**
 * RTM_NEWROUTE of a local default route at the loopback device, for IPv4 and IPv6: struct nlmsghdr, rtmsg, and RTA_OIF. Before it RTM_NEWADDR, of 127.0.0.2 for the same device: nlmsghdr, ifaddrmsg, IFA_LOCAL and IFA_ADDRESS. Where a
 * machine has no address but 127.0.0.1, the C library finds none for who asks for those that this machine could use (AI_ADDRCONFIG). The socket is AF_NETLINK, SOCK_RAW, NETLINK_ROUTE.
 */
const ROUTE = `sub route {
  socket(my $s, 16, 3, 0) or return 0;
  my $kernel = pack("SSLL", 16, 0, 0, 0);
  send($s, pack("LSSLLCCCCLSSNSSN", 40, 20, 0x605, 1, 0, 2, 8, 0, 254, 1, 8, 2, 0x7f000002, 8, 1, 0x7f000002), 0, $kernel);
  recv($s, my $told, 4096, 0);
  for my $family (2, 10) {
    send($s, pack("LSSLLCCCCCCCCLSSL", 36, 24, 0x605, 1, 0, $family, 0, 0, 0, 255, 4, 254, 2, 0, 8, 4, 1), 0, $kernel) or return 0;
    recv($s, my $answer, 4096, 0);
    return 0 if $family == 2 && unpack("l", substr($answer, 16, 4)) != 0;
  }
  return 1;
}`;

/**
 * For `perl -e TEXT NUMBER NODE LISTENER [SIGNS WORD]`, with `NODE_CHANNEL_FD` set: a perl that knows no 64-bit numbers becomes the Node listener. No single quote may stand in it. It ends with its channel.
 * With the descriptor SIGNS, it first sets routes by which every address leads to this namespace, says WORD there if it cannot, and closes it.
 *
 * `give` sends a text and a socket: struct iovec, cmsghdr (SOL_SOCKET, SCM_RIGHTS) and msghdr of a 64-bit Linux. After a socket it waits for the acknowledgement, as a Node would: one reading takes one socket.
 * Numbers are Linux's own, since loading `Socket` would take longer than all the rest: families 2 and 10 (AF_INET, AF_INET6), 2048 for O_NONBLOCK, which Node expects of a socket, options (1, 2) SO_REUSEADDR and (41, 26) IPV6_V6ONLY.
 */
export const PERL_LISTENER = `
my ($number, $channel, $in, $isBusy) = ($ARGV[0] + 0, $ENV{NODE_CHANNEL_FD} + 0, "", 0);
${ROUTE}
if (defined $ARGV[3]) {
  my $hasRoute = route();
  open(my $signs, ">&=", $ARGV[3]) or exit 1;
  syswrite($signs, "$ARGV[4]\n") unless $hasRoute;
  close $signs;
}
eval { length(pack("P", "")) == 8 && length(pack("Q", 1)) == 8 } or exec @ARGV[1, 2];
open(my $stream, "+<&=", $channel) or exit 1;
sub give {
  my ($text, $socket) = ("$_[0]\n", $_[1]);
  my $vector = pack("PQ", $text, length $text);
  my $rights = defined $socket ? pack("QllLx4", 20, 1, 1, fileno $socket) : "";
  my $head = pack("QLx4PQPQlx4", 0, 0, $vector, 1, $rights, length $rights, 0);
  syscall($number, $channel, $head, 0) < 0 and exit 0;
  $isBusy = 1 if defined $socket;
}
sub hand { give(qq({"cmd":"NODE_HANDLE","type":"$_[0]","dgramType":"udp4","msg":{"id":$_[1],"port":$_[2]}}), $_[3]) }
sub fail { my ($code) = grep { $!{$_} } keys %!; give(sprintf(q({"id":%d,"error":"%s"}), $_[0], $code || "EIO")) }
sub inet { pack("SnNx8", 2, $_[0], $_[1]) }
sub listening {
  my ($family, $address, $s) = @_;
  socket($s, $family, 1 | 2048, 0) && setsockopt($s, 1, 2, 1) && ($family == 2 || setsockopt($s, 41, 26, 0)) && bind($s, $address) && listen($s, 511) ? $s : undef;
}
sub grant {
  my ($id, $kind, $port, $s) = @_;
  if ($kind eq "tcp") {
    $s = listening(10, pack("SnNx16N", 10, $port, 0, 0)) || listening(2, inet($port, 0)) or return fail($id);
    hand("net.Server", $id, unpack("x2n", getsockname $s), $s);
  } elsif ($kind eq "udp") {
    socket($s, 2, 2 | 2048, 0) && bind($s, inet($port, 0x7f000001)) or return fail($id);
    hand("dgram.Socket", $id, unpack("x2n", getsockname $s), $s);
  } elsif ($kind eq "connect") {
    socket($s, 2, 1, 0) && connect($s, inet($port, 0x7f000001)) && fcntl($s, 4, 2048) or return fail($id);
    hand("net.Socket", $id, $port, $s);
  }
}
my @wishes;
while (sysread($stream, $in, 65536, length $in)) {
  while ($in =~ s/^(.*)\\n//) {
    my $line = $1;
    if ($line =~ /"cmd":"NODE_HANDLE_ACK"/) { $isBusy = 0 }
    elsif ($line =~ /"id":(\\d+),"wish":\\{"kind":"(\\w+)","port":(\\d+)/) { push @wishes, [$1, $2, $3] }
  }
  grant(@{shift @wishes}) while @wishes && !$isBusy;
}`;
