/** How an operation in a sandbox says by its exit what stood in the way. */
export const guestExits = {
  failed: 65,
  absent: 66,
  notRegular: 67,
  notFolder: 68,
  tooLarge: 69,
  tooMany: 70,
  exists: 71,
  noSpace: 72,
} as const;

/** Extended attributes with this prefix are the metadata of a file. */
const metadataPrefix = 'user.switchyard.';

/** What every operation can do. Messages and fields in both directions are preceded by their length. */
export const prelude = String.raw`
use Fcntl; use Errno;
$^F = 2;
my ($failed, $absent, $not_regular, $not_folder, $too_large, $too_many, $exists, $no_space) = (65 .. 72);
my %call = shift(@ARGV) eq 'arm64'
  ? (list => 11, get => 8, fset => 7, inotify_init => 26, inotify_add => 27)
  : (list => 194, get => 191, fset => 190, inotify_init => 294, inotify_add => 254);
my $prefix = '${metadataPrefix}';
sub put {
  my ($bytes, $to) = ($_[0], $_[1] // \*STDOUT);
  my $at = 0;
  while ($at < length $bytes) {
    my $wrote = syswrite($to, $bytes, length($bytes) - $at, $at);
    defined $wrote or return 0;
    $at += $wrote;
  }
  return 1;
}
sub answer { put(pack('N/a*', $_[0])) or exit $failed }
sub fail {
  my $what = shift;
  exit $no_space if $!{ENOSPC} || $!{EDQUOT} || $!{EFBIG};
  exit $not_folder if $!{ENOTDIR};
  print STDERR "$what: $!";
  exit $failed;
}
sub exists_at { lstat($_[0]) ? 1 : 0 }
sub make_parents {
  my $path = shift;
  my $at = '';
  for my $part (grep { length } split m{/}, $path =~ s{/[^/]*$}{}r) {
    $at .= "/$part";
    mkdir($at, 0755) or $!{EEXIST} && -d $at or ($!{EEXIST} ? exit $not_folder : fail("make folder"));
  }
}
sub take {
  my $want = shift;
  my $bytes = '';
  while (length $bytes < $want) {
    sysread(STDIN, $bytes, $want - length $bytes, length $bytes) or return undef;
  }
  return $bytes;
}
sub frame { my $size = take(4) // return undef; return take(unpack('N', $size)) }
sub set_metadata {
  my ($file, $key, $value) = @_;
  my $name = "$prefix$key\0";
  return syscall($call{fset}, fileno($file), $name, "$value", length $value, 0) == 0;
}
sub metadata {
  my $path = "$_[0]\0";
  my $names = "\0" x 8192;
  my $size = syscall($call{list}, $path, $names, 8192);
  my @found;
  return @found if $size <= 0;
  for my $name (grep { index($_, $prefix) == 0 } split /\0/, substr($names, 0, $size)) {
    my ($full, $value) = ("$name\0", "\0" x 8192);
    my $length = syscall($call{get}, $path, $full, $value, 8192);
    push @found, substr($name, length $prefix), substr($value, 0, $length) if $length >= 0;
  }
  return @found;
}
sub kind { my $bits = $_[0] & 0170000; return $bits == 0100000 ? 'f' : $bits == 0040000 ? 'd' : $bits == 0120000 ? 'l' : 'o' }
sub entry {
  my $path = shift;
  my @own = lstat($path) or return '';
  my $link = -l _ ? readlink($path) // '' : '';
  my @led = $link ne '' ? stat($path) : @own;
  my $kind = @led ? kind($led[2]) : 'l';
  my $user = getpwuid($own[4]) // $own[4];
  my $group = getgrgid($own[5]) // $own[5];
  my @metadata = $link eq '' && $kind ne 'o' ? metadata($path) : ();
  return pack('(N/a*)*', $kind, $own[7], $own[2], $own[9], $user, $group, $link, $path, @metadata);
}
`;
