using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Files;
using Guardian.Runtime.Stdio;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Tests;

/// <summary>Frames of encrypted streams in both spellings, and their way through a carrier that belongs to somebody else.</summary>
public sealed class StdioFrameTests
{
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly string run = StdioCipher.NewRun();

    [Fact]
    public void Both_spellings_are_those_of_the_vectors()
    {
        var vectors = JsonNode.Parse(File.ReadAllText(Repository.File("tests", "vectors", "stdio", "frames.json")))!;
        var vectorKey = Convert.FromHexString((string)vectors["key"]!);
        var vectorRun = (string)vectors["run"]!;
        var ciphers = new[] { "in", "out", "err" }.ToDictionary(name => name, name => new StdioCipher(vectorKey, vectorRun, name));
        using var log = new StdioLog(vectorKey);
        foreach (var vector in vectors["frames"]!.AsArray())
        {
            var (stream, kind) = ((string)vector!["stream"]!, (StdioFrameKind)(int)vector["kind"]!);
            var content = Convert.FromBase64String((string)vector["content"]!);
            var binary = Convert.FromBase64String((string)vector["binary"]!);
            var frame = StdioFrame.TryReadBinary(binary)!;
            Assert.Equal(binary, frame.ToBytes());
            var entry = log.Read(frame);
            Assert.Equal((stream, vectorRun, kind, null), (entry.Stream, entry.Run, entry.Kind, entry.Problem));
            Assert.Equal(content, entry.Content);
            if ((string?)vector["text"] is { } text)
            {
                Assert.Equal(text, frame.ToString());
                Assert.Equal(binary, StdioFrame.TryRead(text)!.ToBytes());
            }
            var target = new byte[StdioFrame.MaxBinarySize];
            Assert.Equal(binary, target[..ciphers[stream].SealBinary(kind, content, target)]);
        }
        foreach (var cipher in ciphers.Values)
        {
            cipher.Dispose();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(34)]
    [InlineData(4096)]
    [InlineData(65_536)]
    public void Frames_and_lines_of_other_programs_are_told_apart_wherever_the_carrier_cuts(int pieceSize)
    {
        using var cipher = new StdioCipher(key, run, "out");
        var content = RandomNumberGenerator.GetBytes(10_000);
        byte[] stream =
        [
            .. "a line before\n"u8, .. Encoding.ASCII.GetBytes(cipher.Seal(StdioFrameKind.Start, "s"u8).ToString()),
            .. Binary(cipher, StdioFrameKind.Data, content), .. "\0gstd is no frame\n"u8,
            .. Binary(cipher, StdioFrameKind.Data, [10, 0, 10]),
            .. "\n"u8, .. Binary(cipher, StdioFrameKind.End, "0"u8), .. "no end"u8,
        ];
        var parts = Divide(stream, pieceSize);
        Assert.Equal(
            ["a line before", "", "", "\0gstd is no frame", "", "", "", "no end"], parts.Select(part => part.Line));
        Assert.Equal([false, true, true, false, true, false, true, false], parts.Select(part => part.Frame is not null));
        using var log = new StdioLog(key);
        var entries = parts.Where(part => part.Frame is not null).Select(part => log.Read(part.Frame!)).ToList();
        Assert.All(entries, entry => Assert.Null(entry.Problem));
        Assert.Equal(content, entries[1].Content);
        Assert.Empty(log.Open);
    }

    [Fact]
    public void Every_changed_byte_of_a_binary_frame_is_noticed()
    {
        using var cipher = new StdioCipher(key, run, "out");
        byte[] first = [.. Binary(cipher, StdioFrameKind.Start, "s"u8)];
        byte[] frame = [.. Binary(cipher, StdioFrameKind.Data, "a secret"u8)];
        byte[] last = [.. Binary(cipher, StdioFrameKind.End, "0"u8)];
        for (var i = 0; i < frame.Length; i++)
        {
            foreach (var bit in new[] { 1, 128 })
            {
                var changed = frame.ToArray();
                changed[i] ^= (byte)bit;
                Assert.True(HasProblem([.. first, .. changed, .. last]), $"byte {i}");
            }
        }
        Assert.False(HasProblem([.. first, .. frame, .. last]));
        Assert.True(HasProblem([.. first, .. last]));
        Assert.True(HasProblem([.. first, .. frame, .. frame, .. last]));
        Assert.True(HasProblem([.. first, .. frame]));
        for (var size = 0; size < frame.Length; size++)
        {
            Assert.True(HasProblem([.. first, .. frame[..size], .. last]), $"cut to {size}");
        }
    }

    [Fact]
    public void A_frame_in_the_other_spelling_means_the_same()
    {
        // A naive binary form has three bytes for the size of the content, the text form two. The host writes a frame in the other form,
        // the tag fits, and the program gets other bytes.
        var content = new byte[] { 1, 2, 3 };
        Assert.NotEqual(content, NaiveForms.OpenAsBinary(NaiveForms.SealAsText(key, content), key));

        using var cipher = new StdioCipher(key, run, "in");
        var text = cipher.Seal(StdioFrameKind.Data, content);
        using var log = new StdioLog(key);
        Assert.Equal(content, log.Read(StdioFrame.TryReadBinary(text.ToBytes())!).Content);
        // And it counts once.
        Assert.NotNull(log.Read(text.ToString())!.Problem);
    }

    [Fact]
    public void Input_is_read_in_both_spellings_and_only_in_order()
    {
        Assert.Equal((FileError.Success, "onetwo"), ReadInput(cipher =>
            [.. Binary(cipher, StdioFrameKind.Start, []), .. Binary(cipher, StdioFrameKind.Data, "one"u8),
                .. Encoding.ASCII.GetBytes(cipher.Seal(StdioFrameKind.Data, "two"u8).ToString()),
                .. Binary(cipher, StdioFrameKind.End, [])]));
        Assert.Equal((FileError.Io, "one"), ReadInput(cipher =>
        {
            var one = Binary(cipher, StdioFrameKind.Data, "one"u8);
            return [.. one, .. one];
        }));
        Assert.Equal((FileError.Io, ""), ReadInput(cipher => Binary(cipher, StdioFrameKind.Data, "one"u8)[..^1]));
        Assert.Equal((FileError.Io, ""), ReadInput(_ => "words"u8.ToArray()));
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_does_not_keep_an_ended_program()
    {
        using var signal = new CancellationTokenSource();
        using var output = new SealedOutput(new Carrier { Space = 10 }, new StdioCipher(key, run, "out"), isBinary: false, signal.Token);
        var sending = Task.Run(() => output.SendFrame(StdioFrameKind.End, "143"));
        await signal.CancelAsync();
        await sending.WaitAsync(TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Output_goes_out_in_large_frames_and_as_few_bytes_as_a_full_pipe_takes()
    {
        var carrier = new Carrier();
        using var output = new SealedOutput(carrier, new StdioCipher(key, run, "out"), isBinary: true, CancellationToken.None);
        output.SendFrame(StdioFrameKind.Start, "shop/app");
        var content = RandomNumberGenerator.GetBytes(300_000);
        for (var sent = 0; sent < content.Length;)
        {
            Assert.Equal(FileError.Success, output.Write(content.AsSpan(sent), out var written));
            sent += written;
            carrier.Space = 1_000_000;
        }
        output.SendFrame(StdioFrameKind.End, "0");
        var parts = Divide([.. carrier.Bytes], 65_536);
        Assert.All(parts, part => Assert.NotNull(part.Frame));
        Assert.InRange(parts.Count, 3, 8);
        using var log = new StdioLog(key);
        Assert.Equal(
            content, parts.Select(part => log.Read(part.Frame!)).Where(entry => entry.Kind == StdioFrameKind.Data)
                .SelectMany(entry => entry.Content));
    }

    [Fact]
    public void A_line_without_an_end_takes_bounded_memory()
    {
        var reader = new StdioFrameReader();
        var longest = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var space = reader.Space;
            Assert.InRange(space.Length, 1, 2 * StdioFrame.MaxBinarySize);
            space.Span.Fill((byte)'x');
            reader.Advance(space.Length);
            while (reader.TryRead(out var part))
            {
                longest = Math.Max(longest, part.Line.Length);
            }
        }
        Assert.InRange(longest, StdioFrame.MaxBinarySize, 2 * StdioFrame.MaxBinarySize);
    }

    private static byte[] Binary(StdioCipher cipher, StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        var target = new byte[StdioFrame.MaxBinarySize];
        return target[..cipher.SealBinary(kind, content, target)];
    }

    private static List<StdioPart> Divide(byte[] stream, int pieceSize)
    {
        var reader = new StdioFrameReader();
        var parts = new List<StdioPart>();
        for (var at = 0; at < stream.Length;)
        {
            var size = Math.Min(Math.Min(pieceSize, stream.Length - at), reader.Space.Length);
            stream.AsSpan(at, size).CopyTo(reader.Space.Span);
            reader.Advance(size);
            at += size;
            while (reader.TryRead(out var part))
            {
                parts.Add(part);
            }
        }
        if (reader.TryFinish(out var rest))
        {
            parts.Add(rest);
        }
        return parts;
    }

    private bool HasProblem(byte[] stream)
    {
        using var log = new StdioLog(key);
        var entries = Divide(stream, 4096).Where(part => part.Frame is not null).Select(part => log.Read(part.Frame!)).ToList();
        return entries.Any(entry => entry.Problem is not null) || log.Open.Count > 0;
    }

    private (FileError Error, string Text) ReadInput(Func<StdioCipher, byte[]> write)
    {
        using var sender = new StdioCipher(key, run, "in");
        using var input = new SealedInput(new Carrier(write(sender)), new StdioCipher(key, run, "in"), _ => { });
        var text = new StringBuilder();
        var buffer = new byte[2];
        while (true)
        {
            var error = input.Read(buffer, out var read);
            if (error != FileError.Success || read == 0)
            {
                return (error, text.ToString());
            }
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
    }

    /// <summary>Two forms whose plaintexts differ: kind 1, size 2 or 3.</summary>
    private static class NaiveForms
    {
        public static byte[] SealAsText(byte[] key, byte[] content)
        {
            var plaintext = new byte[64];
            BinaryPrimitives.WriteUInt16BigEndian(plaintext.AsSpan(1), (ushort)content.Length);
            content.CopyTo(plaintext, 3);
            var result = new byte[64 + 16];
            using var cipher = new AesGcm(key, 16);
            cipher.Encrypt(new byte[12], plaintext, result.AsSpan(0, 64), result.AsSpan(64));
            return result;
        }

        public static byte[] OpenAsBinary(byte[] frame, byte[] key)
        {
            var plaintext = new byte[64];
            using var cipher = new AesGcm(key, 16);
            cipher.Decrypt(new byte[12], frame.AsSpan(0, 64), frame.AsSpan(64), plaintext);
            var size = (plaintext[1] << 16) | (plaintext[2] << 8) | plaintext[3];
            return plaintext.AsSpan(4, Math.Min(size, 60)).ToArray();
        }
    }

    /// <summary>A carrier with a bounded space for output, and a given input.</summary>
    private sealed class Carrier(byte[]? input = null) : IGuestStream
    {
        private int at;

        public List<byte> Bytes { get; } = [];

        public int Space { get; set; } = 1_000;

        public FileKind Kind => FileKind.Unknown;

        public FileError Read(Span<byte> buffer, out int read)
        {
            read = Math.Min(buffer.Length, (input?.Length ?? 0) - at);
            input.AsSpan(at, read).CopyTo(buffer);
            at += read;
            return FileError.Success;
        }

        public FileError Write(ReadOnlySpan<byte> data, out int written)
        {
            written = Math.Min(data.Length, Math.Min(Space, 4096));
            Space -= written;
            Bytes.AddRange(data[..written]);
            return written == 0 && !data.IsEmpty ? FileError.Again : FileError.Success;
        }

        public Readiness ReadReadiness() => Readiness.Now();

        public Readiness WriteReadiness() => Readiness.Now();

        public void Dispose()
        {
        }
    }
}
