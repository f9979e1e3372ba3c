using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Refusals;
using Guardian.Wasi.Engine;

namespace Guardian.Wasi;

/// <summary>
/// A program as native code, in a file that is part of an enclave's measurement. Native code is not confined: it may be loaded only by an
/// enclave whose measurement covers it, and which is trusted with nothing but this program (docs/decisions/0152).
/// </summary>
/// <remarks>File: magic 16 | digest of the program 32 | number of tables 4, little endian | exceptions 1: 0 or 1 | code. Immutable.
/// </remarks>
public sealed class CompiledProgram
{
    /// <summary>The file's path in the folder of the enclave's program.</summary>
    public const string FileName = "on-demand/program.native";

    /// <summary>The folder beside it with the OCI image layout of which the program is a part; absent for a program alone.</summary>
    public const string ImageFolder = "on-demand/image";

    private const int HeaderSize = 16 + SHA256.HashSizeInBytes + sizeof(uint) + 1;

    private readonly ReadOnlyMemory<byte> code;
    private readonly ModuleContents contents;

    private CompiledProgram(string digest, ModuleContents contents, ReadOnlyMemory<byte> code) =>
        (Digest, this.contents, this.code) = (digest, contents, code);

    /// <summary>SHA-256 of the WebAssembly from which the code was made, or the digest of its image; 64 lower-case hex digits.</summary>
    public string Digest { get; }

    private static ReadOnlySpan<byte> Magic => "guardian code 1\0"u8;

    /// <summary>Compiles a module for enclaves on machines of x86-64-v3.</summary>
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <param name="image">The digest of the image that the module is a part of, 64 hex digits; null for a module alone.</param>
    /// <returns>The file's bytes, or the refusal of <see cref="WasiProgram.FindRefusal"/> or <see cref="WasmEngine.Compile"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="image"/> is no digest.</exception>
    public static Outcome<byte[]> Compile(ReadOnlySpan<byte> wasm, string? image = null)
    {
        if (image is not null && image.Length != 2 * SHA256.HashSizeInBytes)
        {
            throw new ArgumentException($"'{image}' is no digest", nameof(image));
        }
        if (WasiProgram.FindRefusal(wasm) is { } refusal)
        {
            return refusal;
        }
        using var engine = WasmEngine.ForOtherMachines();
        var compiled = engine.Compile(wasm);
        using var module = compiled.Value;
        return module is null
            ? compiled.Refusal!
            : Write(image is null ? SHA256.HashData(wasm) : Convert.FromHexString(image), module.Contents, module.Serialize());
    }

    /// <summary>Finds the program of which an enclave's folder consists.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The program; null if the folder has none, so the enclave runs any program that its session names.</returns>
    /// <exception cref="RefusedException">The file is malformed; reason <see cref="WasiReasons.NotCompiledProgram"/>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CompiledProgram? Find(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return !File.Exists(path) ? null
            : Read(File.ReadAllBytes(path)) ?? throw new RefusedException(WasiReasons.NotCompiledProgram.Because($"{path} is malformed"));
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="file">The bytes.</param>
    /// <returns>The program, or null if the header is malformed. Never throws for any content; the code is not looked at.</returns>
    public static CompiledProgram? Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length <= HeaderSize || !file.Span.StartsWith(Magic))
        {
            return null;
        }
        var header = file.Span[Magic.Length..HeaderSize];
        var digest = Convert.ToHexStringLower(header[..SHA256.HashSizeInBytes]);
        var tables = BinaryPrimitives.ReadUInt32LittleEndian(header[SHA256.HashSizeInBytes..]);
        return header[^1] > 1 ? null : new CompiledProgram(digest, new ModuleContents(tables, header[^1] == 1), file[HeaderSize..]);
    }

    /// <summary>Loads the code. The process executes it unchecked.</summary>
    /// <param name="engine">An engine that fits an enclave, and counts no fuel.</param>
    /// <returns>The module, which the caller disposes, or a refusal with reason <see cref="WasiReasons.NotCompiledProgram"/>.</returns>
    public Outcome<WasmModule> Load(WasmEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return engine.LoadTrustedCode(code.Span, contents) is { } module
            ? module
            : WasiReasons.NotCompiledProgram.Because("the program is for another version of the runtime, or for a newer processor");
    }

    private static byte[] Write(ReadOnlySpan<byte> digest, ModuleContents contents, ReadOnlySpan<byte> code)
    {
        var file = new byte[HeaderSize + code.Length];
        Magic.CopyTo(file);
        var header = file.AsSpan(Magic.Length);
        digest.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[SHA256.HashSizeInBytes..], contents.TableCount);
        file[HeaderSize - 1] = contents.HasExceptions ? (byte)1 : (byte)0;
        code.CopyTo(file.AsSpan(HeaderSize));
        return file;
    }
}
