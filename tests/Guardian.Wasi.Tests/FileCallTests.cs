using System.Buffers.Binary;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Volumes;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Tests;

/// <summary>Calls on files and directories in a plain directory of this machine.</summary>
public sealed class PlainFileCallTests : FileCallTests
{
    protected override IFileSystem CreateFileSystem(string folder) => HostFileSystem.Open(folder);
}

/// <summary>The same calls in an encrypted volume.</summary>
public sealed class VolumeFileCallTests : FileCallTests
{
    private readonly VolumeKey key = VolumeKey.Create();

    protected override IFileSystem CreateFileSystem(string folder) => Volume.Create(folder, key);

    protected override void Dispose(bool isDisposing)
    {
        base.Dispose(isDisposing);
        key.Dispose();
    }
}

/// <summary>What WASI preview 1 promises of files, for every file system that a program can be given. Errors are checked by name: programs depend on them.</summary>
public abstract class FileCallTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Lazy<IFileSystem> fileSystem;
    private readonly Lazy<CallingGuest> calling;

    protected FileCallTests()
    {
        fileSystem = new(() => CreateFileSystem(folder.Path));
        calling = new(() => new CallingGuest(TextGuest.Options() with { Directories = [new Preopen("/data", fileSystem.Value.Root)] }));
    }

    private CallingGuest Guest => calling.Value;

    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_file_keeps_what_was_written()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        Assert.Equal(4U, number);
        Assert.Equal((FileError.Success, 5), Guest.Write(number, "hello"));
        Assert.Equal((FileError.Success, 6), Guest.WriteAt(number, " world", 5));
        Assert.Equal((FileError.Success, "hello world"), Guest.Read(number, 100, 0));
        Assert.Equal((FileError.Success, " world"), Guest.Read(number, 100));
        Assert.Equal((FileError.Success, ""), Guest.Read(number, 100));
        Assert.Equal((FileError.Success, ""), Guest.Read(number, 100, 1_000));
        Assert.Equal(11UL, Guest.Stat(number).Size);
    }

    [Fact]
    public void A_gap_reads_as_zeros()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        Assert.Equal((FileError.Success, 1), Guest.WriteAt(number, "x", 5_000));
        var (error, text) = Guest.Read(number, 6_000, 0);
        Assert.Equal(FileError.Success, error);
        Assert.Equal(new string('\0', 5_000) + "x", text);
    }

    [Fact]
    public void Seeking_and_telling_agree_and_refuse_what_lies_before_the_start()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        Guest.Write(number, "0123456789");
        Assert.Equal((FileError.Success, 10UL), Guest.Seek(number, 0, 1));
        Assert.Equal((FileError.Success, 4UL), Guest.Seek(number, 4, 0));
        Assert.Equal((FileError.Success, 2UL), Guest.Seek(number, -2, 1));
        Assert.Equal((FileError.Success, 7UL), Guest.Seek(number, -3, 2));
        Assert.Equal((FileError.Success, 110UL), Guest.Seek(number, 100, 2));
        Assert.Equal(FileError.Invalid, Guest.Seek(number, -111, 1).Error);
        Assert.Equal(FileError.Invalid, Guest.Seek(number, long.MinValue, 0).Error);
        Assert.Equal(FileError.Invalid, Guest.Seek(number, long.MaxValue, 1).Error);
        Assert.Equal(FileError.Invalid, Guest.Seek(number, 0, 3).Error);
        Assert.Equal(FileError.Success, Guest.Call("fd_tell", number, 16));
        Assert.Equal(110UL, Guest.Read64());
        Assert.Equal(FileError.Fault, Guest.Call("fd_tell", number, CallingGuest.MemorySize - 7));
    }

    [Fact]
    public void Appending_writes_at_the_end_wherever_the_position_is_and_can_be_switched_off()
    {
        var number = Guest.Open("file", OpenFlags.Create, flags: FdFlags.Append);
        Guest.Write(number, "one");
        Guest.Seek(number, 0, 0);
        Guest.Write(number, "two");
        Assert.Equal((FileError.Success, 6UL), Guest.Seek(number, 0, 1));
        // A given offset counts, also when appending.
        Guest.WriteAt(number, "O", 0);
        Assert.Equal("Onetwo", Guest.Content("file"));
        Assert.Equal(FdFlags.Append, Guest.Describe(number).Flags);
        Assert.Equal(FileError.Success, Guest.Call("fd_fdstat_set_flags", number, 0));
        Guest.Seek(number, 0, 0);
        Guest.Write(number, "1");
        Assert.Equal("1netwo", Guest.Content("file"));
        Assert.Equal(FileError.Invalid, Guest.Call("fd_fdstat_set_flags", number, 32));
    }

    [Fact]
    public void Sizes_are_set_and_room_is_kept()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        Guest.Write(number, "0123456789");
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_size", number, 4));
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_size", number, 6));
        Assert.Equal((FileError.Success, "0123\0\0"), Guest.Read(number, 100, 0));
        Assert.Equal(FileError.Success, Guest.Call("fd_allocate", number, 3, 2));
        Assert.Equal(6UL, Guest.Stat(number).Size);
        Assert.Equal(FileError.Success, Guest.Call("fd_allocate", number, 100, 100));
        Assert.Equal(200UL, Guest.Stat(number).Size);
        Assert.Equal(FileError.Invalid, Guest.Call("fd_allocate", number, 0, 0));
        Assert.Equal(FileError.FileTooBig, Guest.Call("fd_allocate", number, ulong.MaxValue, 1));
        Assert.NotEqual(FileError.Success, Guest.Call("fd_filestat_set_size", number, ulong.MaxValue));
        Assert.Equal(FileError.Success, Guest.Call("fd_advise", number, 10, 50, 5));
        Assert.Equal(FileError.Invalid, Guest.Call("fd_advise", number, 10, 50, 6));
        Assert.Equal(200UL, Guest.Stat(number).Size);
    }

    [Fact]
    public void Opening_honours_its_flags()
    {
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("file").Error);
        Guest.Create("file", "content");
        Assert.Equal("content", Guest.Content("file"));
        Guest.Close(Guest.Open("file", OpenFlags.Create));
        Assert.Equal(FileError.Exists, Guest.TryOpen("file", OpenFlags.Create | OpenFlags.Exclusive).Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("file", OpenFlags.Directory).Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("file", OpenFlags.Directory | OpenFlags.Create).Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("file", 16).Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("file", flags: (FdFlags)32).Error);
        Guest.Close(Guest.Open("file", OpenFlags.Truncate));
        Assert.Equal("", Guest.Content("file"));
        Assert.Equal(FdFlags.Nonblock | FdFlags.Sync, Guest.Describe(Guest.Open("file", flags: FdFlags.Nonblock | FdFlags.Sync)).Flags);
    }

    [Fact]
    public void A_directory_is_opened_but_not_as_a_file()
    {
        Assert.Equal(FileError.Success, Guest.MakeDirectory("dir"));
        Guest.Close(Guest.OpenDirectory("dir"));
        Guest.Close(Guest.Open("dir", 0, Rights.FdRead));
        Guest.Close(Guest.Open("dir/", 0, Rights.None));
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir", OpenFlags.Directory, Rights.FdRead | Rights.FdWrite).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir", OpenFlags.Create, Rights.FdRead).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("dir", OpenFlags.Truncate, Rights.FdRead).Error);
        Assert.Equal(FileError.Exists, Guest.TryOpen("dir", OpenFlags.Create | OpenFlags.Exclusive, Rights.FdRead).Error);
        Assert.Equal(FileError.Exists, Guest.MakeDirectory("dir"));
        Assert.Equal(FileError.Success, Guest.MakeDirectory("slashed/"));
        Assert.Equal(FileError.NoEntry, Guest.MakeDirectory("missing/dir"));
    }

    [Fact]
    public void Paths_are_what_they_seem()
    {
        Guest.MakeDirectory("dir");
        Guest.MakeDirectory("dir/nested");
        Guest.Create("dir/nested/file", "x");
        Assert.Equal("x", Guest.Content("dir/.//nested/../../dir/nested/../nested///./file"));
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("/dir/nested/file").Error);
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("dir/nested/../../../data/dir/nested/file").Error);
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("..").Error);
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("").Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("dir/nested/file\0").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file///").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/.").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/x").Error);
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("dir/nested/file/../file").Error);
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("missing/../dir").Error);
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("missing/x", OpenFlags.Create).Error);
        Assert.Equal(FileError.IsDirectory, Guest.TryOpen("missing/", OpenFlags.Create).Error);
        Assert.Equal(FileError.NameTooLong, Guest.TryOpen(new string('n', 256), OpenFlags.Create).Error);
        Assert.Equal(FileError.NameTooLong, Guest.TryOpen(new string('n', 4096)).Error);
        Guest.Create(new string('n', 255));
        var raw = Guest.Put([0x61, 0xFF]);
        Assert.Equal(FileError.IllegalSequence, Guest.Call("path_unlink_file", 3, raw.Pointer, raw.Size));
    }

    [Fact]
    public void Dots_open_the_directory_itself_with_its_entries()
    {
        Guest.MakeDirectory("dir");
        Guest.MakeDirectory("dir/nested");
        Guest.Create("dir/file");
        foreach (var path in new[] { "dir", "dir/", "dir/.", "dir/./.", "dir/nested/..", "dir/nested/../", "./dir//nested/.././" })
        {
            var number = Guest.OpenDirectory(path);
            Assert.Equal([".", "..", "file", "nested"], Guest.List(number).Entries.Select(entry => entry.Name).Order());
            Guest.Close(number);
        }
        var root = Guest.OpenDirectory("dir/..");
        Assert.Equal(Guest.Stat(3), Guest.Stat(root));
        // The directory outlives the first of its descriptors.
        Assert.Equal(FileError.Success, Guest.Call("fd_close", 3));
        Assert.Equal(FileError.Success, Guest.OnPath("path_remove_directory", "dir/nested", root));
    }

    [Fact]
    public void Symbolic_links_are_followed_inside_and_nowhere_else()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("dir/file", "x");
        Assert.Equal(FileError.Success, Guest.Symlink("dir/file", "link"));
        Assert.Equal(FileError.Success, Guest.Symlink("../link", "dir/up"));
        Assert.Equal(FileError.Success, Guest.Symlink("dir", "folder"));
        Assert.Equal(FileError.Success, Guest.Symlink("dir/../../outside", "out"));
        Assert.Equal(FileError.NotPermitted, Guest.Symlink("/etc/passwd", "absolute"));
        Assert.Equal("x", Guest.Content("link"));
        Assert.Equal("x", Guest.Content("dir/up"));
        Assert.Equal("x", Guest.Content("folder/file"));
        Assert.Equal("x", Guest.Content("folder/../folder/up"));
        Assert.Equal(FileError.NotPermitted, Guest.TryOpen("out").Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("link", follows: false).Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("folder", OpenFlags.Directory, Rights.FdRead, follows: false).Error);
        Guest.Close(Guest.Open("folder/", OpenFlags.Directory, Rights.FdRead));
        Assert.Equal((FileError.Success, "dir/file"), Guest.ReadLink("link"));
        Assert.Equal((FileError.Success, "dir"), Guest.ReadLink("link", 3));
        Assert.Equal((FileError.Success, ""), Guest.ReadLink("link", 0));
        Assert.Equal(FileError.Invalid, Guest.ReadLink("dir/file").Error);
        Assert.Equal(FileError.Invalid, Guest.ReadLink("dir").Error);
        Assert.Equal(FileError.NoEntry, Guest.ReadLink("missing").Error);
        Assert.Equal(FileKind.SymbolicLink, Guest.Stat("link", follows: false).Stat.Kind);
        Assert.Equal(8UL, Guest.Stat("link", follows: false).Stat.Size);
        Assert.Equal(FileKind.RegularFile, Guest.Stat("link").Stat.Kind);
    }

    [Fact]
    public void Links_to_nowhere_and_to_themselves_end()
    {
        Assert.Equal(FileError.Success, Guest.Symlink("target", "dangling"));
        Assert.Equal(FileError.Success, Guest.Symlink("loop", "loop"));
        Assert.Equal(FileError.Success, Guest.Symlink("pong", "ping"));
        Assert.Equal(FileError.Success, Guest.Symlink("ping/x", "pong"));
        Assert.Equal(FileError.NoEntry, Guest.Symlink("", "empty"));
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("dangling").Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("dangling", follows: false).Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("loop").Error);
        Assert.Equal(FileError.Loop, Guest.TryOpen("ping").Error);
        Assert.Equal(FileError.NoEntry, Guest.Stat("dangling").Error);
        Assert.Equal(FileError.Exists, Guest.TryOpen("dangling", OpenFlags.Create | OpenFlags.Exclusive).Error);
        Assert.Equal(FileError.Exists, Guest.MakeDirectory("dangling"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "dangling"));
        Guest.Close(Guest.Open("dangling", OpenFlags.Create));
        Assert.Equal(FileKind.RegularFile, Guest.Stat("target", follows: false).Stat.Kind);
    }

    [Fact]
    public void Removing_tells_files_from_directories()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("dir/file");
        Guest.Create("file");
        Guest.Symlink("dir", "link");
        Assert.Equal(FileError.IsDirectory, Guest.Unlink("dir"));
        Assert.Equal(FileError.IsDirectory, Guest.Unlink("dir/"));
        Assert.Equal(FileError.NotDirectory, Guest.Unlink("file/"));
        Assert.Equal(FileError.NoEntry, Guest.Unlink("missing"));
        Assert.Equal(FileError.NoEntry, Guest.Unlink(""));
        Assert.Equal(FileError.NotDirectory, Guest.RemoveDirectory("file"));
        Assert.Equal(FileError.NotDirectory, Guest.RemoveDirectory("file/"));
        Assert.Equal(FileError.NotDirectory, Guest.RemoveDirectory("link"));
        Assert.Equal(FileError.NotEmpty, Guest.RemoveDirectory("dir"));
        Assert.Equal(FileError.NoEntry, Guest.RemoveDirectory("missing"));
        Assert.Equal(FileError.Invalid, Guest.RemoveDirectory("dir/."));
        Assert.Equal(FileError.Success, Guest.Unlink("dir/file"));
        Assert.Equal(FileError.Success, Guest.RemoveDirectory("dir/"));
        Assert.Equal(FileError.Success, Guest.Unlink("link"));
        Assert.Equal(FileError.Success, Guest.Unlink("file"));
        Assert.Equal([".", ".."], Guest.List(3).Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void An_open_file_outlives_its_name()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        Guest.Write(number, "still here");
        Assert.Equal(FileError.Success, Guest.Unlink("file"));
        Assert.Equal((FileError.Success, "still here"), Guest.Read(number, 100, 0));
        Assert.Equal(0UL, Guest.Stat(number).LinkCount);
        Guest.Create("file", "new");
        Assert.Equal((FileError.Success, "still here"), Guest.Read(number, 100, 0));
        Guest.MakeDirectory("dir");
        var directory = Guest.OpenDirectory("dir");
        Assert.Equal(FileError.Success, Guest.RemoveDirectory("dir"));
        Assert.Equal(FileError.NoEntry, Guest.TryOpen("x", OpenFlags.Create, directory: directory).Error);
    }

    [Fact]
    public void Renaming_replaces_as_posix_says()
    {
        Guest.Create("file", "1");
        Assert.Equal(FileError.Success, Guest.Rename("file", "moved"));
        Assert.Equal(FileError.NoEntry, Guest.Rename("file", "moved"));
        Guest.Create("other", "2");
        Assert.Equal(FileError.Success, Guest.Rename("moved", "other"));
        Assert.Equal("1", Guest.Content("other"));
        Assert.Equal(FileError.Success, Guest.Rename("other", "other"));

        Guest.MakeDirectory("source");
        Guest.MakeDirectory("target");
        Assert.Equal(FileError.Success, Guest.Rename("source", "target"));
        Guest.MakeDirectory("source");
        Guest.Create("target/file");
        Assert.Equal(FileError.NotEmpty, Guest.Rename("source", "target"));
        Assert.Equal(FileError.NotDirectory, Guest.Rename("source", "target/file"));
        Assert.Equal(FileError.IsDirectory, Guest.Rename("other", "source"));
        Assert.Equal(FileError.Invalid, Guest.Rename("target", "target/inside"));
        Assert.Equal(FileError.Success, Guest.Rename("target/file", "source/file"));
        Assert.Equal([".", "..", "file"], Guest.List(Guest.OpenDirectory("source")).Entries.Select(entry => entry.Name).Order());

        Assert.Equal(FileError.NotDirectory, Guest.Rename("other/", "x"));
        Assert.Equal(FileError.NotDirectory, Guest.Rename("other", "x/"));
        Assert.Equal(FileError.Success, Guest.Rename("source/", "moved/"));
        Assert.Equal(FileError.Busy, Guest.Rename(".", "x"));
        Assert.Equal(FileError.NotPermitted, Guest.Rename("other", "../other"));
    }

    [Fact]
    public void A_file_can_have_several_names()
    {
        Guest.Create("file", "x");
        Assert.Equal(FileError.Success, Guest.Link("file", "link"));
        Assert.Equal((Guest.Stat("file").Stat.Node, 2UL), (Guest.Stat("link").Stat.Node, Guest.Stat("link").Stat.LinkCount));
        Assert.Equal(FileError.Exists, Guest.Link("file", "link"));
        Assert.Equal(FileError.Exists, Guest.Link("file", "file"));
        Assert.Equal(FileError.NoEntry, Guest.Link("file", "new/"));
        Assert.Equal(FileError.NoEntry, Guest.Link("missing", "new"));
        // Renaming one name to the other of the same file does nothing.
        Assert.Equal(FileError.Success, Guest.Rename("file", "link"));
        Assert.Equal("x", Guest.Content("file"));
        Assert.Equal(FileError.Success, Guest.Unlink("file"));
        Assert.Equal("x", Guest.Content("link"));

        Guest.MakeDirectory("dir");
        Assert.Equal(FileError.NotPermitted, Guest.Link("dir", "new"));
        Assert.Equal(FileError.NotPermitted, Guest.Link("dir/", "new"));
        Assert.Equal(FileError.Exists, Guest.Link("link", "dir"));
        Guest.Symlink("nowhere", "dangling");
        Assert.Equal(FileError.Success, Guest.Link("dangling", "dangling2"));
        Assert.Equal((FileError.Success, "nowhere"), Guest.ReadLink("dangling2"));
        Assert.Equal(FileError.NoEntry, Guest.Link("dangling", "new", follows: true));
        Guest.Symlink("link", "followed");
        Assert.Equal(FileError.Success, Guest.Link("followed", "new", follows: true));
        Assert.Equal(FileKind.RegularFile, Guest.Stat("new", follows: false).Stat.Kind);
    }

    [Fact]
    public void Symbolic_links_take_no_name_that_is_taken()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("file");
        Assert.Equal(FileError.NoEntry, Guest.Symlink("x", "new/"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "dir/"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "dir"));
        Assert.Equal(FileError.NotDirectory, Guest.Symlink("x", "file/"));
        Assert.Equal(FileError.Exists, Guest.Symlink("x", "file"));
    }

    [Fact]
    public void Times_are_kept_to_the_nanosecond_and_contradictions_refused()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        const ulong some = 1_600_000_000_123_456_789;
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_times", number, some, some + 1, 1 | 4));
        Assert.Equal((some, some + 1), (Guest.Stat(number).AccessTime, Guest.Stat(number).ModificationTime));
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_times", number, 5, 5, 0));
        Assert.Equal((some, some + 1), (Guest.Stat(number).AccessTime, Guest.Stat(number).ModificationTime));
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_times", number, 5, 5, 8));
        Assert.Equal(some, Guest.Stat(number).AccessTime);
        Assert.InRange(Guest.Stat(number).ModificationTime, some + 2, ulong.MaxValue);
        Assert.Equal(FileError.Invalid, Guest.Call("fd_filestat_set_times", number, 5, 5, 1 | 2));
        Assert.Equal(FileError.Invalid, Guest.Call("fd_filestat_set_times", number, 5, 5, 4 | 8));
        Assert.Equal(FileError.Invalid, Guest.Call("fd_filestat_set_times", number, 5, 5, 16));

        Guest.Symlink("file", "link");
        var path = Guest.Put("link");
        Assert.Equal(FileError.Success, Guest.Call("path_filestat_set_times", 3, 0, path.Pointer, path.Size, 7, 8, 1 | 4));
        Assert.Equal((7UL, 8UL), (Guest.Stat("link", follows: false).Stat.AccessTime, Guest.Stat("link", follows: false).Stat.ModificationTime));
        Assert.Equal(some, Guest.Stat("file").Stat.AccessTime);
        path = Guest.Put("link");
        Assert.Equal(FileError.Success, Guest.Call("path_filestat_set_times", 3, 1, path.Pointer, path.Size, 9, 10, 1 | 4));
        Assert.Equal((9UL, 10UL), (Guest.Stat("file").Stat.AccessTime, Guest.Stat("file").Stat.ModificationTime));
        path = Guest.Put("link");
        Assert.Equal(FileError.Invalid, Guest.Call("path_filestat_set_times", 3, 1, path.Pointer, path.Size, 9, 10, 12));
        path = Guest.Put("link");
        Assert.Equal(FileError.Invalid, Guest.Call("path_filestat_set_times", 3, 2, path.Pointer, path.Size, 9, 10, 4));
    }

    [Fact]
    public void Listing_goes_on_where_it_was_cut()
    {
        var names = Enumerable.Range(0, 300).Select(i => $"file.{i}").ToList();
        names.ForEach(name => Guest.Create(name));
        var seen = new List<string>();
        ulong cookie = 0;
        for (var isEnd = false; !isEnd;)
        {
            var (error, entries, end) = Guest.List(3, cookie, 256);
            Assert.Equal(FileError.Success, error);
            seen.AddRange(entries.Select(entry => entry.Name));
            cookie = entries.Count > 0 ? entries[^1].Next : cookie;
            isEnd = end;
        }
        Assert.Equal([".", ".."], seen.Take(2));
        Assert.Equal(names.Order(), seen.Skip(2).Order());
    }

    [Fact]
    public void Listing_tells_kinds_and_numbers_and_where_it_ends()
    {
        Guest.MakeDirectory("dir");
        Guest.Create("dir/file");
        Guest.MakeDirectory("dir/sub");
        Guest.Symlink("file", "dir/link");
        var number = Guest.OpenDirectory("dir");
        var (_, entries, isEnd) = Guest.List(number);
        Assert.True(isEnd);
        Assert.Equal(Guest.Stat(number).Node, entries[0].Node);
        foreach (var (name, kind) in new[] { ("file", FileKind.RegularFile), ("sub", FileKind.Directory), ("link", FileKind.SymbolicLink) })
        {
            var entry = entries.Single(entry => entry.Name == name);
            Assert.Equal((kind, Guest.Stat($"dir/{name}", follows: false).Stat.Node), (entry.Kind, entry.Node));
        }
        Assert.Equal((FileError.Success, 0, true), (Guest.List(number, entries[^1].Next).Error, Guest.List(number, entries[^1].Next).Entries.Count, Guest.List(number, entries[^1].Next).IsEnd));
        // A buffer too small even for one entry is filled with the part of it that fits.
        Assert.Equal(FileError.Success, Guest.Call("fd_readdir", number, 200_000, 10, 0, 16));
        Assert.Equal(10U, Guest.Read32());
        Assert.Equal(FileError.Success, Guest.Call("fd_readdir", number, 200_000, 0, 0, 16));
        Assert.Equal(FileError.Fault, Guest.Call("fd_readdir", number, CallingGuest.MemorySize - 10, 20, 0, 16));
        Assert.NotEqual(FileError.Success, Guest.Call("fd_readdir", Guest.Open("dir/file"), 200_000, 100, 0, 16));
    }

    [Fact]
    public void Rights_are_given_up_but_never_gained()
    {
        Guest.Create("file", "x");
        var number = Guest.Open("file", 0, Rights.FdRead | Rights.FdSeek);
        Assert.Equal((FileKind.RegularFile, FdFlags.None, Rights.FdRead | Rights.FdSeek, Rights.None), Guest.Describe(number));
        Assert.Equal(FileError.NotCapable, Guest.Write(number, "y").Error);
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_filestat_set_size", number, 0));
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_sync", number));
        Assert.Equal(FileError.Success, Guest.Call("fd_fdstat_set_rights", number, (ulong)Rights.FdRead, 0));
        Assert.Equal(FileError.NotCapable, Guest.Seek(number, 1, 0).Error);
        Assert.Equal(FileError.NotCapable, Guest.Read(number, 1, 0).Error);
        Assert.Equal(FileError.Success, Guest.Read(number, 1).Error);
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_fdstat_set_rights", number, (ulong)(Rights.FdRead | Rights.FdSeek), 0));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_fdstat_set_rights", 99, 0, 0));

        var directory = Guest.Open(".", 2, Rights.PathOpen | Rights.PathCreateFile, Rights.FdRead);
        Assert.Equal((FileKind.Directory, FdFlags.None, Rights.PathOpen | Rights.PathCreateFile, Rights.FdRead), Guest.Describe(directory));
        Assert.Equal(FileError.NotCapable, Guest.TryOpen("file", 0, Rights.FdRead | Rights.FdWrite, directory: directory).Error);
        Assert.Equal(FileError.NotCapable, Guest.TryOpen("file", OpenFlags.Truncate, Rights.FdRead, directory: directory).Error);
        Assert.Equal(FileError.NotCapable, Guest.OnPath("path_unlink_file", "file", directory));
        Assert.Equal(FileError.Success, Guest.TryOpen("new", OpenFlags.Create, Rights.FdRead, directory: directory).Error);
    }

    [Fact]
    public void A_directory_refuses_what_is_for_files()
    {
        var number = Guest.OpenDirectory(".");
        Assert.Equal(FileError.NotCapable, Guest.Read(number, 1).Error);
        Assert.Equal(FileError.NotCapable, Guest.Read(number, 1, 0).Error);
        Assert.Equal(FileError.NotCapable, Guest.Write(number, "x").Error);
        Assert.Equal(FileError.NotCapable, Guest.Seek(number, 0, 0).Error);
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_tell", number, 16));
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_allocate", number, 0, 1));
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_filestat_set_size", number, 0));
        Assert.Equal(FileError.Success, Guest.Call("fd_sync", number));
        Assert.Equal(FileError.Success, Guest.Call("fd_datasync", number));
        Guest.Create("file");
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("x", directory: Guest.Open("file")).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.TryOpen("x", directory: 99).Error);
        Assert.Equal(FileError.NotSocket, Guest.Call("sock_shutdown", number, 1));
    }

    [Fact]
    public void Preopened_directories_tell_their_names()
    {
        Assert.Equal(FileError.Success, Guest.Call("fd_prestat_get", 3, 16));
        Assert.Equal((0U, 5U), (Guest.Read32(), Guest.Read32(20)));
        Assert.Equal(FileError.Success, Guest.Call("fd_prestat_dir_name", 3, 128, 6));
        Assert.Equal("/data"u8, Guest.Memory.Slice(128, 5));
        Assert.Equal(FileError.NameTooLong, Guest.Call("fd_prestat_dir_name", 3, 128, 4));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_prestat_get", 4, 16));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_prestat_get", 0, 16));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_prestat_get", Guest.OpenDirectory("."), 16));
    }

    [Fact]
    public void Numbers_are_moved_closed_and_used_again()
    {
        Guest.Create("a", "a");
        Guest.Create("b", "b");
        var (a, b) = (Guest.Open("a"), Guest.Open("b"));
        Assert.Equal(FileError.Success, Guest.Call("fd_renumber", a, b));
        Assert.Equal((FileError.Success, "a"), Guest.Read(b, 10));
        Assert.Equal(FileError.BadDescriptor, Guest.Read(a, 10).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_renumber", a, b));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_renumber", b, a));
        Assert.Equal(FileError.Success, Guest.Call("fd_renumber", b, b));
        Assert.Equal(a, Guest.Open("b"));
        Assert.Equal(FileError.Success, Guest.Call("fd_renumber", b, 3));
        Assert.Equal((FileError.Success, ""), Guest.Read(3, 10));
        Guest.Close(3);
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_close", 3));
    }

    [Fact]
    public void Several_buffers_are_moved_in_one_call_and_checked_before_it()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        var memory = Guest.Memory;
        "abcdef"u8.CopyTo(memory[1000..]);
        WriteVectors(memory[64..], 1000, 2, 0, 0, 1002, 4);
        Assert.Equal(FileError.Success, Guest.Call("fd_write", number, 64, 3, 16));
        Assert.Equal(6U, Guest.Read32());
        WriteVectors(memory[64..], 1000, 1, CallingGuest.MemorySize - 1, 2);
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, 64, 2, 16));
        Assert.Equal(6UL, Guest.Stat(number).Size);
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, CallingGuest.MemorySize - 4, 1, 16));
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, 64, 1, CallingGuest.MemorySize - 3));
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, 64, 1, uint.MaxValue));
        Assert.Equal(FileError.Invalid, Guest.Call("fd_write", number, 64, 1025, 16));
        Assert.Equal(FileError.Success, Guest.Call("fd_write", number, 64, 0, 16));
        Assert.Equal(0U, Guest.Read32());
        // Buffers that lie over each other, and over the list itself, do no harm.
        WriteVectors(memory[64..], 64, 3, 65, 3);
        Assert.Equal(FileError.Success, Guest.Call("fd_pread", number, 64, 2, 0, 16));
    }

    [Fact]
    public void Files_are_always_ready()
    {
        Guest.Create("file", "12345");
        var number = Guest.Open("file");
        Guest.Seek(number, 2, 0);
        var memory = Guest.Memory;
        memory.Slice(1000, 48 * 3).Clear();
        foreach (var (index, kind, descriptor) in new[] { (0, 1, number), (1, 2, number), (2, 1, 77U) })
        {
            memory[1000 + (48 * index)] = (byte)(index + 1);
            memory[1008 + (48 * index)] = (byte)kind;
            BinaryPrimitives.WriteUInt32LittleEndian(memory[(1016 + (48 * index))..], descriptor);
        }
        Assert.Equal(FileError.Success, Guest.Call("poll_oneoff", 1000, 2000, 3, 16));
        Assert.Equal(3U, Guest.Read32());
        Assert.Equal((1UL, (byte)1, 3UL), (Guest.Read64(2000), Guest.Memory[2010], Guest.Read64(2016)));
        Assert.Equal((2UL, (byte)2), (Guest.Read64(2032), Guest.Memory[2042]));
        Assert.Equal((3UL, (ushort)FileError.BadDescriptor), (Guest.Read64(2064), BinaryPrimitives.ReadUInt16LittleEndian(Guest.Memory[2072..])));
    }

    [Fact]
    public void A_guest_cannot_open_without_end()
    {
        Guest.Create("file");
        var error = FileError.Success;
        var count = 4;
        for (; error == FileError.Success; count++)
        {
            error = Guest.TryOpen("file").Error;
        }
        Assert.Equal(FileError.TooManyOpen, error);
        Assert.Equal(DescriptorTable.MaxCount, count - 1);
        Guest.Close(10);
        Assert.Equal(10U, Guest.Open("file"));
    }

    protected abstract IFileSystem CreateFileSystem(string folder);

    protected virtual void Dispose(bool isDisposing)
    {
        if (calling.IsValueCreated)
        {
            calling.Value.Dispose();
        }
        if (fileSystem.IsValueCreated)
        {
            fileSystem.Value.Dispose();
        }
        folder.Dispose();
    }

    // Address and size of each buffer.
    private static void WriteVectors(Span<byte> target, params ReadOnlySpan<uint> numbers)
    {
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, number);
            target = target[4..];
        }
    }
}
