using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Tests;

/// <summary>A guest without an engine: makes host calls one by one, and shows its memory.</summary>
internal sealed unsafe class CallingGuest : IDisposable
{
    public const uint MemorySize = 1 << 20;

    // Results are written to Result. Text and data lie from Text on, until the next call.
    private const uint Result = 16;
    private const uint Text = 4096;

    private static readonly Dictionary<string, int> Index =
        WasiHost.Functions.Select((function, index) => (function.Name, index)).ToDictionary();

    private readonly byte* memory = (byte*)NativeMemory.AllocZeroed(MemorySize);
    private uint free = Text;

    public CallingGuest(WasiOptions options) => Host = new WasiHost(options);

    public WasiHost Host { get; }

    public Span<byte> Memory => new(memory, (int)MemorySize);

    public void Dispose()
    {
        Host.Dispose();
        NativeMemory.Free(memory);
    }

    /// <summary>Makes a call by its name in WASI.</summary>
    public FileError Call(string name, params ReadOnlySpan<ulong> arguments)
    {
        Assert.Equal(WasiHost.Functions[Index[name]].Parameters.Length, arguments.Length);
        var values = stackalloc ulong[2 * arguments.Length + 2];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[2 * i] = arguments[i];
        }
        free = Text;
        return Host.Call(new GuestMemory(memory, MemorySize), Index[name], new CallArguments(values));
    }

    /// <summary>Copies bytes into memory for the next call.</summary>
    public (ulong Pointer, ulong Size) CopyIn(ReadOnlySpan<byte> bytes)
    {
        var pointer = free;
        bytes.CopyTo(Memory[(int)pointer..]);
        free += (uint)(bytes.Length + 15) & ~7U;
        return (pointer, (ulong)bytes.Length);
    }

    public (ulong Pointer, ulong Size) CopyIn(string text) => CopyIn(Encoding.UTF8.GetBytes(text));

    public uint Read32(ulong pointer = Result) => BinaryPrimitives.ReadUInt32LittleEndian(Memory[(int)pointer..]);

    public ulong Read64(ulong pointer = Result) => BinaryPrimitives.ReadUInt64LittleEndian(Memory[(int)pointer..]);

    public (FileError Error, uint Number) TryOpen(
        string path, uint openFlags = 0, Rights rights = Rights.OfFile, Rights inheriting = Rights.None, FdFlags flags = 0,
        bool follows = true, uint directory = 3)
    {
        var text = CopyIn(path);
        var error = Call(
            "path_open", directory, follows ? 1U : 0U, text.Pointer, text.Size, openFlags, (ulong)rights, (ulong)inheriting, (ulong)flags,
            Result);
        return (error, Read32());
    }

    public uint Open(
        string path, uint openFlags = 0, Rights rights = Rights.OfFile, Rights inheriting = Rights.None, FdFlags flags = 0,
        uint directory = 3)
    {
        var (error, number) = TryOpen(path, openFlags, rights, inheriting, flags, directory: directory);
        Assert.Equal(FileError.Success, error);
        return number;
    }

    public uint OpenDirectory(string path, uint directory = 3) => Open(path, 2, Rights.OfDirectory, Rights.All, directory: directory);

    public void Create(string path, string content = "")
    {
        var number = Open(path, OpenFlags.Create);
        Assert.Equal(content.Length, Write(number, content).Count);
        Close(number);
    }

    public void Close(uint number) => Assert.Equal(FileError.Success, Call("fd_close", number));

    /// <summary>Makes a call that takes a descriptor and a path.</summary>
    public FileError OnPath(string name, string path, uint directory = 3)
    {
        var text = CopyIn(path);
        return Call(name, directory, text.Pointer, text.Size);
    }

    public FileError MakeDirectory(string path) => OnPath("path_create_directory", path);

    public FileError Unlink(string path) => OnPath("path_unlink_file", path);

    public FileError RemoveDirectory(string path) => OnPath("path_remove_directory", path);

    public FileError Symlink(string target, string path, uint directory = 3)
    {
        var (to, name) = (CopyIn(target), CopyIn(path));
        return Call("path_symlink", to.Pointer, to.Size, directory, name.Pointer, name.Size);
    }

    public FileError Link(string from, string to, bool follows = false, uint directory = 3)
    {
        var (source, target) = (CopyIn(from), CopyIn(to));
        return Call("path_link", directory, follows ? 1U : 0U, source.Pointer, source.Size, directory, target.Pointer, target.Size);
    }

    public FileError Rename(string from, string to, uint directory = 3, uint toDirectory = 3)
    {
        var (source, target) = (CopyIn(from), CopyIn(to));
        return Call("path_rename", directory, source.Pointer, source.Size, toDirectory, target.Pointer, target.Size);
    }

    public (FileError Error, string Target) ReadLink(string path, uint size = 1000)
    {
        var text = CopyIn(path);
        var error = Call("path_readlink", 3, text.Pointer, text.Size, 100_000, size, Result);
        return (error, Encoding.UTF8.GetString(Memory.Slice(100_000, error == FileError.Success ? (int)Read32() : 0)));
    }

    public (FileError Error, FileStat Stat) Stat(string path, bool follows = true)
    {
        var text = CopyIn(path);
        return (Call("path_filestat_get", 3, follows ? 1U : 0U, text.Pointer, text.Size, 128), ReadStat());
    }

    public FileStat Stat(uint number)
    {
        Assert.Equal(FileError.Success, Call("fd_filestat_get", number, 128));
        return ReadStat();
    }

    public (FileError Error, int Count) Write(uint number, string text) =>
        Transfer("fd_write", number, Encoding.UTF8.GetBytes(text), null);

    public (FileError Error, int Count) WriteAt(uint number, string text, ulong offset) =>
        Transfer("fd_pwrite", number, Encoding.UTF8.GetBytes(text), offset);

    public (FileError Error, string Text) Read(uint number, int size, ulong? offset = null)
    {
        var (error, count) = Transfer(offset is null ? "fd_read" : "fd_pread", number, new byte[size], offset);
        return (error, Encoding.UTF8.GetString(Memory.Slice((int)Text, count)));
    }

    public (FileError Error, ulong Position) Seek(uint number, long offset, uint whence) =>
        (Call("fd_seek", number, unchecked((ulong)offset), whence, Result), Read64());

    public string Content(string path)
    {
        var number = Open(path);
        var text = Read(number, 10_000).Text;
        Close(number);
        return text;
    }

    /// <summary>Reads the entries from a cookie on that fit into a buffer.</summary>
    public (FileError Error, List<DirectoryEntry> Entries, bool IsEnd) List(uint number, ulong cookie = 0, uint size = 4096)
    {
        const int buffer = 200_000;
        var error = Call("fd_readdir", number, buffer, size, cookie, Result);
        var entries = new List<DirectoryEntry>();
        var used = error == FileError.Success ? (int)Read32() : 0;
        ReadOnlySpan<byte> rest = Memory.Slice(buffer, used);
        while (rest.Length >= 24 && BinaryPrimitives.ReadInt32LittleEndian(rest[16..]) is var nameSize && rest.Length >= 24 + nameSize)
        {
            entries.Add(new DirectoryEntry(
                Encoding.UTF8.GetString(rest.Slice(24, nameSize)), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]), (FileKind)rest[20],
                BinaryPrimitives.ReadUInt64LittleEndian(rest)));
            rest = rest[(24 + nameSize)..];
        }
        return (error, entries, used < size);
    }

    public (FileKind Kind, FdFlags Flags, Rights Base, Rights Inheriting) Describe(uint number)
    {
        Assert.Equal(FileError.Success, Call("fd_fdstat_get", number, 128));
        return ((FileKind)Memory[128], (FdFlags)Memory[130], (Rights)Read64(136), (Rights)Read64(144));
    }

    private (FileError, int) Transfer(string name, uint number, byte[] data, ulong? offset)
    {
        var buffer = CopyIn(data);
        BinaryPrimitives.WriteUInt32LittleEndian(Memory[64..], (uint)buffer.Pointer);
        BinaryPrimitives.WriteUInt32LittleEndian(Memory[68..], (uint)buffer.Size);
        var error = offset is { } at ? Call(name, number, 64, 1, at, Result) : Call(name, number, 64, 1, Result);
        return (error, error == FileError.Success ? (int)Read32() : 0);
    }

    private FileStat ReadStat() => new(
        Read64(128), Read64(136), (FileKind)Memory[144], Read64(152), Read64(160), Read64(168), Read64(176), Read64(184));
}

/// <summary>WASI's <c>oflags</c>.</summary>
internal static class OpenFlags
{
    public const uint Create = 1;
    public const uint Directory = 2;
    public const uint Exclusive = 4;
    public const uint Truncate = 8;
}
