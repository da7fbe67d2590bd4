/** Port on the guest's own loopback network behind which the way out is. */
export const forwarderPort = 3128;

/**
 * The first program of a sandbox that may reach something: it takes connections on the guest's loopback address and
 * hands each through a socket to the proxy, which decides. It knows no rules and holds no secrets, so a guest that ends
 * it has only taken its own way out. A line on standard output says that it listens.
 */
export const forwarderScript = String.raw`
use IO::Socket::INET; use IO::Socket::UNIX; use IO::Select;
my ($port, $way) = @ARGV;
$SIG{PIPE} = 'IGNORE';
my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128, ReuseAddr => 1) or exit 70;
syswrite(STDOUT, "\n");
my ($reads, $writes) = (IO::Select->new($door), IO::Select->new);
my (%peer, %left, %ended, %closing);
sub leave {
  my @both = grep { defined } ($_[0], $peer{$_[0]});
  for my $end (@both) {
    $reads->remove($end); $writes->remove($end);
    delete $_->{$end} for \%peer, \%left, \%ended, \%closing;
    close($end);
  }
  $reads->add($door);
}
sub flush {
  my ($end) = @_;
  if (length($left{$end} // '')) {
    my $sent = syswrite($end, $left{$end});
    return leave($end) unless defined $sent || $!{EAGAIN};
    substr($left{$end}, 0, $sent // 0, '');
  }
  my $other = $peer{$end};
  if (length $left{$end}) { $writes->add($end); $reads->remove($other); return }
  $writes->remove($end);
  if ($closing{$end}) {
    shutdown($end, 1);
    leave($end) if $ended{$end};
  } elsif (!$ended{$other}) { $reads->add($other) }
}
while (1) {
  my ($ready, $free) = IO::Select->select($reads, $writes, undef, undef);
  for my $end (@{$free || []}) { flush($end) if exists $peer{$end} }
  for my $end (@{$ready || []}) {
    if ($end == $door) {
      if (keys %peer >= 512) { $reads->remove($door); next }
      my $guest = $door->accept or next;
      my $out = IO::Socket::UNIX->new(Peer => $way) or do { close($guest); next };
      for my $one ($guest, $out) { $one->blocking(0); $left{$one} = ''; $reads->add($one) }
      ($peer{$guest}, $peer{$out}) = ($out, $guest);
      next;
    }
    next unless exists $peer{$end};
    my $other = $peer{$end};
    my $got = sysread($end, my $bytes, 65536);
    if (!defined $got) { leave($end) unless $!{EAGAIN} || $!{EINTR}; next }
    if ($got == 0) { $ended{$end} = 1; $reads->remove($end); $closing{$other} = 1 } else { $left{$other} .= $bytes }
    flush($other);
  }
}
`;
