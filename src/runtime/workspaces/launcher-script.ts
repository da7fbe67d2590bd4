/**
 * The small program between the supervisor and a guest. Node can neither join a control group before a program starts
 * nor enter namespaces, so Perl, part of every base system, does both with bare system calls in one process: join the
 * groups, become the sandbox's own user, enter its namespaces, take on limits and the filter, and only then run the
 * guest's program. The order arrives on descriptor 3, never in arguments or the environment: those of this program
 * belong to the host and must not be the guest's to choose. It comes in two parts, each with its length before it: what
 * the sandbox is, and which command it runs; so a launcher can stand ready within its sandbox. Descriptor 4 tells what
 * became of it.
 */
export const launcherScript = String.raw`
use Socket;
my ($arch, $way, $supervisor) = @ARGV;
my %n = $arch eq 'arm64'
  ? (dup3 => 24, setns => 268, setsid => 157, setrlimit => 164, prctl => 167, setgroups => 159, setresgid => 149, setresuid => 147)
  : (dup3 => 292, setns => 308, setsid => 112, setrlimit => 160, prctl => 157, setgroups => 116, setresgid => 119, setresuid => 117);
my ($in, $told);
syscall($n{prctl}, 1, 9, 0, 0, 0);
exit 70 if getppid() != $supervisor;
my $mother = $$;
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
my $launches = 0;
while (my $line = <STDIN>) {
  my ($token, $count) = split ' ', $line;
  my $made = fork();
  if (!defined $made) { syswrite(STDOUT, "$token\n"); next }
  if ($made == 0) { connect_streams($token, $count); $launches = 1; last }
}
exit 0 unless $launches;
$SIG{CHLD} = 'DEFAULT';
$SIG{PIPE} = 'DEFAULT';
sub connect_streams {
  my ($token, $count) = @_;
  my @streams;
  for my $index (0 .. $count - 1) {
    socket(my $stream, PF_UNIX, SOCK_STREAM, 0) or exit 70;
    connect($stream, pack_sockaddr_un($way)) or exit 70;
    syswrite($stream, sprintf("%s %d\n", $token, $index)) or exit 70;
    push @streams, $stream;
  }
  # First out of the way of each other, then to their places.
  my @high = map { my $to = 100 + $_; syscall($n{dup3}, fileno($streams[$_]), $to, 0) == $to or exit 70; $to } 0 .. $#streams;
  close($_) for @streams;
  syscall($n{dup3}, $high[$_], $_, 0) == $_ or exit 70 for 0 .. $#high;
  open($in, '<&=', 3) or exit 70;
  open($told, '>&=', 4) or exit 70;
  fcntl($told, 2, 1);
}
sub say_it { syswrite($told, "$_[0]\n") }
sub give_up { say_it("refused $_[0]: $!"); exit 70 }
my (@argv, %one, @groups, @limits, %environment);
sub read_part {
  my $length = <$in>;
  defined $length or exit 0;
  read($in, my $order, $length) == $length or exit 0;
  for my $line (split /\0/, $order, -1) {
    my ($key, $value) = split /=/, $line, 2;
    if ($key eq 'arg') { push @argv, $value }
    elsif ($key eq 'group') { push @groups, $value }
    elsif ($key eq 'limit') { push @limits, [split /:/, $value] }
    elsif ($key eq 'env') { my ($name, $text) = split /=/, $value, 2; $environment{$name} = $text }
    else { $one{$key} = $value }
  }
}
read_part();
for my $path (@groups) {
  open(my $group, '>', $path) or give_up("joining a control group");
  syswrite($group, "0") or give_up("joining a control group");
  close($group);
}
# Where no group says so: the gateway comes before its guests, and the kernel that has no memory left ends these first.
eval { setpriority(0, 0, 10) };
if (open(my $oom, '>', '/proc/self/oom_score_adj')) { syswrite($oom, '1000'); close($oom) }
if (defined $one{user}) {
  my $user = int($one{user});
  syscall($n{setgroups}, 0, 0) == 0 or give_up('dropping groups');
  syscall($n{setresgid}, $user, $user, $user) == 0 or give_up('dropping the group');
  syscall($n{setresuid}, $user, $user, $user) == 0 or give_up('dropping the user');
}
syscall($n{prctl}, 1, 9, 0, 0, 0);
exit 70 if getppid() != $mother;
close_others(4 + ($one{extra} // 0));
my $enters = defined $one{enter};
if ($enters) {
  my $at = "/proc/$one{enter}/ns";
  my @spaces;
  open(my $inner, '<', "$at/user") or give_up('reaching the sandbox');
  for my $name (qw(ipc uts net cgroup pid mnt)) {
    open(my $space, '<', "$at/$name") or give_up('reaching the sandbox');
    push @spaces, $space;
  }
  my $outer = ioctl($inner, 0xb702, 0);
  $outer or give_up('reaching the sandbox');
  syscall($n{setns}, int($outer), 0) == 0 or give_up('entering the sandbox');
  for my $space (@spaces) { syscall($n{setns}, fileno($space), 0) == 0 or give_up('entering the sandbox') }
  syscall($n{setns}, fileno($inner), 0) == 0 or give_up('entering the sandbox');
  require_closed(int($outer));
}
sub close_others {
  my $last = shift;
  opendir(my $folder, '/proc/self/fd') or give_up('closing descriptors');
  my @open = grep { /^[0-9]+$/ && $_ > $last } readdir($folder);
  closedir($folder);
  for my $number (@open) { open(my $handle, '<&=', $number) and close($handle) }
}
sub require_closed { open(my $handle, '<&=', $_[0]); close($handle) }
sub become {
  for my $limit (@limits) {
    syscall($n{setrlimit}, int($limit->[0]), pack('QQ', $limit->[1], $limit->[2])) == 0 or give_up('setting a limit');
  }
  if ($enters) {
    syscall($n{setsid});
    chdir($one{folder}) or do { say_it("nofolder $!"); exit 70 };
    syscall($n{prctl}, 38, 1, 0, 0, 0) == 0 or give_up('giving up new privileges');
    if (length($one{filter} // '')) {
      my $filter = pack('H*', $one{filter});
      my $program = pack('S x![P] P', length($filter) / 8, $filter);
      syscall($n{prctl}, 22, 2, $program, 0, 0) == 0 or give_up('setting the filter');
    }
  }
  %ENV = %environment;
  exec { $argv[0] } @argv;
  say_it("noprogram $!");
  exit 70;
}
read_part();
close($in);
become() unless $enters;
my $child = fork() // give_up('starting');
become() if $child == 0;
say_it("pid $child");
close(STDIN); close(STDOUT); close(STDERR);
waitpid($child, 0);
my ($status, @used) = ($?, times);
say_it(sprintf('%s %d %d', $status & 127 ? 'signal' : 'exit', $status & 127 || $status >> 8, 1000 * ($used[2] + $used[3])));
`;
