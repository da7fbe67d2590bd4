import { prelude } from './guest-prelude.ts';

/**
 * File operations, each a small program that runs inside the sandbox as its user: a path means what it means to the
 * guest, and a link that the guest planted leads nowhere that the guest could not go itself.
 */
const operations = {
  stat: String.raw`
    my ($path) = @ARGV;
    exists_at($path) or exit $absent;
    answer(entry($path));
  `,

  list: String.raw`
    my ($path, $depth, $most) = @ARGV;
    exists_at($path) or exit $absent;
    -d $path or exit $not_folder;
    my ($count, @todo) = (0, [$path, 1]);
    while (my $next = shift @todo) {
      my ($at, $level) = @$next;
      opendir(my $folder, $at) or next;
      # What is being uploaded is not there yet.
      for my $name (sort grep { $_ ne '.' && $_ ne '..' && !/^\.switchyard-(?:new|old)-\d+-\d+$/ } readdir $folder) {
        my $inner = $at eq '/' ? "/$name" : "$at/$name";
        exists_at($inner) or next;
        exit $too_many if ++$count > $most;
        answer(entry($inner));
        push @todo, [$inner, $level + 1] if $level < $depth && -d $inner && !-l $inner;
      }
    }
  `,

  makeFolder: String.raw`
    my ($path) = @ARGV;
    exit(-d $path ? $exists : $not_folder) if exists_at($path);
    make_parents("$path/x");
    answer(entry($path));
  `,

  move: String.raw`
    my ($from, $to) = @ARGV;
    exists_at($from) or exit $absent;
    make_parents($to);
    unless (rename($from, $to)) {
      fail("rename") unless $!{EXDEV};
      system('mv', '-T', '--', $from, $to) == 0 or exit $failed;
    }
    answer(entry($to));
  `,

  remove: String.raw`
    my ($path) = @ARGV;
    exec 'rm', '-rf', '--', $path;
  `,

  read: String.raw`
    my ($path, $most) = @ARGV;
    exists_at($path) or exit $absent;
    -d $path and exit $not_regular;
    sysopen(my $file, $path, O_RDONLY | O_NONBLOCK) or fail("open");
    -f $file or exit $not_regular;
    my $left = -s $file;
    exit $too_large if $left > $most;
    put(pack('NN', int($left / 4294967296), $left % 4294967296));
    while ($left > 0) {
      my $got = sysread($file, my $bytes, $left < 65536 ? $left : 65536);
      exit $failed unless $got;
      put($bytes);
      $left -= $got;
    }
  `,

  write: String.raw`
    use IO::Handle; use Cwd qw(abs_path);
    my ($most) = @ARGV;
    my $number = 0;
    $SIG{XFSZ} = 'IGNORE';
    while (length(my $head = frame() // exit $failed)) {
      my ($path, @metadata) = unpack('(N/a*)*', $head);
      -d $path and exit $not_regular;
      -e $path && !-f _ and exit $not_regular;
      make_parents($path);
      # A watcher tells a file that was replaced from one that is new by this name.
      my ($folder) = $path =~ m{^(.*)/[^/]*$};
      my $beside = sprintf('%s/.switchyard-%s-%d-%d', $folder, -e $path ? 'old' : 'new', $$, $number++);
      my $give_up = sub { unlink $beside; exit $_[0] };
      sysopen(my $file, $beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644) or fail("create");
      chmod((stat $path)[2] & 07777, $file) if -e $path;
      my $size = 0;
      for (;;) {
        my $bytes = frame() // $give_up->($failed);
        last if $bytes eq '';
        $size += length $bytes;
        $give_up->($too_large) if $size > $most;
        put($bytes, $file) or do { my $why = $!; unlink $beside; $! = $why; fail("write") };
      }
      while (my ($key, $value) = splice @metadata, 0, 2) {
        set_metadata($file, $key, $value) or do { my $why = $!; unlink $beside; $! = $why; fail("metadata") };
      }
      $file->sync or do { my $why = $!; unlink $beside; $! = $why; fail("sync") };
      close $file;
      # Links are written through, as any program would.
      my $real = -l $path ? abs_path($path) : $path;
      rename($beside, $real) or do { my $why = $!; unlink $beside; $! = $why; fail("rename") };
      if (sysopen(my $handle, $folder || '/', O_RDONLY | O_DIRECTORY)) { $handle->sync }
      answer(entry($path));
    }
  `,

  watch: String.raw`
    my ($path, $recursive, $with_entry) = @ARGV;
    exists_at($path) or exit $absent;
    -d $path or exit $not_folder;
    my $queue = syscall($call{inotify_init}, 02000000);
    $queue >= 0 or fail("watch");
    open(my $events, '<&=', $queue) or fail("watch");
    my (%folder, %uploads);
    my $mask = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200;
    my $say; $say = sub {
      my ($type, $name) = @_;
      answer(pack('(N/a*)*', $type, $name, $with_entry && exists_at("$path/$name") ? entry("$path/$name") : ''));
    };
    my $add; $add = sub {
      my ($name, $told) = @_;
      return if keys %folder >= 4096;
      my $at = $name eq '' ? $path : "$path/$name";
      my $number = syscall($call{inotify_add}, $queue, "$at\0", $mask | 0x01000000 | ($name eq '' ? 0 : 0x02000000));
      return if $number < 0;
      $folder{$number} = $name;
      return unless $recursive && opendir(my $handle, $at);
      for my $inner (grep { $_ ne '.' && $_ ne '..' && !/^\.switchyard-(?:new|old)-/ } readdir $handle) {
        my $full = $name eq '' ? $inner : "$name/$inner";
        $say->('create', $full) if $told;
        $add->($full, $told) if -d "$path/$full" && !-l "$path/$full";
      }
    };
    $add->('', 0);
    %folder or fail("watch");
    answer('ready');
    while (sysread($events, my $bytes, 65536)) {
      while (length $bytes) {
        my ($number, $bits, $cookie, $length) = unpack('iLLL', $bytes);
        my $inner = unpack('Z*', substr($bytes, 16, $length));
        substr($bytes, 0, 16 + $length) = '';
        if ($bits & 0x8000) { delete $folder{$number}; next }
        next unless defined $folder{$number} && length $inner;
        my $name = $folder{$number} eq '' ? $inner : "$folder{$number}/$inner";
        if ($inner =~ /^\.switchyard-(new|old)-/) {
          %uploads = () if keys %uploads > 1000;
          $uploads{$cookie} = $1 if $bits & 0x40;
          next;
        }
        if ($bits & 0x80 && (my $upload = delete $uploads{$cookie})) {
          $say->('create', $name) if $upload eq 'new';
          $say->('write', $name);
          next;
        }
        my $type = $bits & 0x180 ? 'create' : $bits & 0x2 ? 'write' : $bits & 0x200 ? 'remove' : $bits & 0x40 ? 'rename' : 'chmod';
        $say->($type, $name);
        $add->($name, 1) if $recursive && $type eq 'create' && $bits & 0x40000000;
      }
    }
  `,

  /** Carries bytes between its own ends and a port of the sandbox. */
  relay: String.raw`
    use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
    my ($port) = @ARGV;
    my $socket;
    for my $try ([PF_INET, pack_sockaddr_in($port, inet_aton('127.0.0.1'))], [PF_INET6, pack_sockaddr_in6($port, inet_pton(PF_INET6, '::1'))]) {
      socket($socket, $try->[0], SOCK_STREAM, 0) && connect($socket, $try->[1]) and last;
      $socket = undef;
    }
    $socket or exit $absent;
    put("\1");
    my $in = 1;
    for (;;) {
      my $ready = '';
      vec($ready, 0, 1) = 1 if $in;
      vec($ready, fileno($socket), 1) = 1;
      select($ready, undef, undef, undef);
      if ($in && vec($ready, 0, 1)) {
        if (sysread(STDIN, my $bytes, 65536)) { put($bytes, $socket) or last }
        else { $in = 0; shutdown($socket, 1) }
      }
      if (vec($ready, fileno($socket), 1)) {
        sysread($socket, my $bytes, 65536) or last;
        put($bytes) or last;
      }
    }
  `,
} as const;

/** Something that is done inside a sandbox for whoever asked from outside. */
export type GuestOperation = keyof typeof operations;

/** The program of an operation, with its arguments. */
export function guestProgram(operation: GuestOperation, ...argv: readonly string[]): readonly [string, ...string[]] {
  return ['/usr/bin/perl', '-e', prelude + operations[operation], process.arch, ...argv];
}
