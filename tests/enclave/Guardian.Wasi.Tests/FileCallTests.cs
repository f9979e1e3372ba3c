using System.Buffers.Binary;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Guardian.Wasi.Descriptors;
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

/// <summary>The contract of WASI preview 1 for files, run over every kind of file system that a program can get. The tests check each error
/// by name, because programs depend on it.</summary>
public abstract partial class FileCallTests : IDisposable
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
    public void A_file_stores_written_data()
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
        // An explicit offset counts, also when appending.
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
    public void Sizes_can_be_set_and_space_reserved()
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
        Assert.Equal(FileError.Invalid, Guest.TryOpen(".", OpenFlags.Directory | OpenFlags.Truncate, Rights.FdRead).Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen(".", OpenFlags.Directory | OpenFlags.Exclusive, Rights.FdRead).Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("file", 16).Error);
        Assert.Equal(FileError.Invalid, Guest.TryOpen("file", flags: (FdFlags)32).Error);
        Guest.Close(Guest.Open("file", OpenFlags.Truncate));
        Assert.Equal("", Guest.Content("file"));
        Assert.Equal(FdFlags.Nonblock | FdFlags.Sync, Guest.Describe(Guest.Open("file", flags: FdFlags.Nonblock | FdFlags.Sync)).Flags);
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
        var path = Guest.CopyIn("link");
        Assert.Equal(FileError.Success, Guest.Call("path_filestat_set_times", 3, 0, path.Pointer, path.Size, 7, 8, 1 | 4));
        var link = Guest.Stat("link", follows: false).Stat;
        Assert.Equal((7UL, 8UL), (link.AccessTime, link.ModificationTime));
        Assert.Equal(some, Guest.Stat("file").Stat.AccessTime);
        path = Guest.CopyIn("link");
        Assert.Equal(FileError.Success, Guest.Call("path_filestat_set_times", 3, 1, path.Pointer, path.Size, 9, 10, 1 | 4));
        Assert.Equal((9UL, 10UL), (Guest.Stat("file").Stat.AccessTime, Guest.Stat("file").Stat.ModificationTime));
        path = Guest.CopyIn("link");
        Assert.Equal(FileError.Invalid, Guest.Call("path_filestat_set_times", 3, 1, path.Pointer, path.Size, 9, 10, 12));
        path = Guest.CopyIn("link");
        Assert.Equal(FileError.Invalid, Guest.Call("path_filestat_set_times", 3, 2, path.Pointer, path.Size, 9, 10, 4));
    }

    [Fact]
    public void Listing_continues_where_it_was_cut()
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
    public void Listing_shows_kinds_numbers_and_its_end()
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
        foreach (var beyond in new[] { entries[^1].Next, entries[^1].Next + 1, ulong.MaxValue })
        {
            var (error, rest, isAtEnd) = Guest.List(number, beyond);
            Assert.Equal((FileError.Success, 0, true), (error, rest.Count, isAtEnd));
        }
        // A buffer that is too small for one entry gets the first part of it.
        Assert.Equal(FileError.Success, Guest.Call("fd_readdir", number, 200_000, 10, 0, 16));
        Assert.Equal(10U, Guest.Read32());
        Assert.Equal(FileError.Success, Guest.Call("fd_readdir", number, 200_000, 0, 0, 16));
        Assert.Equal(FileError.Fault, Guest.Call("fd_readdir", number, CallingGuest.MemorySize - 10, 20, 0, 16));
        Assert.Equal(FileError.NotDirectory, Guest.Call("fd_readdir", Guest.Open("dir/file"), 200_000, 100, 0, 16));
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
