using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Wasi.Host;
using Guardian.Wasi.Tests;

namespace Guardian.Fuzz;

/// <summary>Host calls with any arguments that a guest may pass. The input is a sequence of calls, a byte 255 and the guest's memory. A
/// call is one byte for the function and 4 or 8 bytes for each argument.</summary>
internal static unsafe class WasiCalls
{
    private const int MemorySize = 64 * 1024;
    private const int MaxCalls = 64;

    /// <summary>Creates calls that open a file, write, list, wait for a clock and rename.</summary>
    public static byte[] CreateSeed()
    {
        var input = new MemoryStream();
        // The memory has a name at 0, a vector over the name at 16, and a subscription at 64.
        Add(input, "path_open", 3, 1, 0, 4, 1, ulong.MaxValue >> 35, 0, 0, 200);
        Add(input, "fd_write", 4, 16, 1, 204);
        Add(input, "fd_pread", 4, 16, 1, 0, 204);
        Add(input, "fd_readdir", 3, 1000, 500, 0, 204);
        Add(input, "poll_oneoff", 64, 300, 1, 204);
        Add(input, "path_rename", 3, 0, 4, 3, 0, 3);
        Add(input, "path_symlink", 0, 3, 3, 0, 2);
        Add(input, "path_filestat_get", 3, 1, 0, 2, 400);
        Add(input, "path_unlink_file", 3, 0, 3);
        input.WriteByte(byte.MaxValue);
        input.Write("name"u8);
        input.Write(new byte[12]);
        input.Write([0, 0, 0, 0, 4, 0, 0, 0]);
        return input.ToArray();
    }

    /// <summary>Makes the calls; returns whether one of them succeeded. The host is cancelled, so no call waits.</summary>
    public static bool Run(byte[] input)
    {
        var folder = Directory.CreateTempSubdirectory("guardian-fuzz-");
        var memory = (byte*)NativeMemory.AllocZeroed(MemorySize);
        try
        {
            using var directory = HostFileSystem.Open(folder.FullName);
            using var host = new WasiHost(new WasiOptions
            {
                Arguments = ["fuzz"], StandardStreams = [new SilentStream()], Directories = [new Preopen("/", directory.Root)],
            });
            host.Cancel();
            return Run(host, memory, input);
        }
        finally
        {
            NativeMemory.Free(memory);
            folder.Delete(recursive: true);
        }
    }

    private static bool Run(WasiHost host, byte* memory, ReadOnlySpan<byte> input)
    {
        var end = input.LastIndexOf(byte.MaxValue);
        var content = input[(end + 1)..];
        var calls = end < 0 ? [] : input[..end];
        content[..Math.Min(content.Length, MemorySize)].CopyTo(new Span<byte>(memory, MemorySize));
        var succeeded = false;
        var values = stackalloc ulong[2 * 16];
        Span<byte> value = stackalloc byte[8];
        for (var count = 0; count < MaxCalls && calls.Length > 0; count++)
        {
            var index = calls[0] % WasiHost.Functions.Length;
            var parameters = WasiHost.Functions[index].Parameters;
            calls = calls[1..];
            for (var i = 0; i < parameters.Length; i++)
            {
                value.Clear();
                var size = Math.Min(calls.Length, parameters[i] == 'I' ? 8 : 4);
                calls[..size].CopyTo(value);
                calls = calls[size..];
                values[2 * i] = BinaryPrimitives.ReadUInt64LittleEndian(value);
            }
            succeeded |= host.Call(new GuestMemory(memory, MemorySize), index, new CallArguments(values)) == FileError.Success;
        }
        return succeeded;
    }

    private static void Add(MemoryStream input, string name, params ReadOnlySpan<ulong> arguments)
    {
        var index = Array.FindIndex(WasiHost.Functions, function => function.Name == name);
        input.WriteByte((byte)index);
        Span<byte> value = stackalloc byte[8];
        for (var i = 0; i < arguments.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(value, arguments[i]);
            input.Write(value[..(WasiHost.Functions[index].Parameters[i] == 'I' ? 8 : 4)]);
        }
    }
}
