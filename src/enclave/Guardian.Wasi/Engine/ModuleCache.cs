using System.Security.Cryptography;

namespace Guardian.Wasi.Engine;

/// <summary>
/// Native code of modules that were compiled before, in a folder. Native code is executed as it is, so an entry counts only with a MAC under the runtime's own key, over
/// the code and the hash of the WebAssembly that it was made from; anything else is as good as absent.
/// </summary>
/// <remarks>An entry is MAC 32 | code. Thread-safe, also across processes.</remarks>
public sealed class ModuleCache
{
    /// <summary>Size of the key in bytes.</summary>
    public const int KeySize = 32;

    // Compiled modules are large; the oldest make room.
    private const int MaxEntries = 64;
    private const int MacSize = HMACSHA256.HashSizeInBytes;

    private readonly string directory;
    private readonly byte[] key;

    /// <param name="directory">The folder; made when it is not there.</param>
    /// <param name="key"><see cref="KeySize"/> bytes that nobody but this runtime knows. Copied.</param>
    public ModuleCache(string directory, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        this.directory = directory;
        this.key = key.ToArray();
    }

    /// <summary>Gives the module for some WebAssembly: from the cache, or compiled, and then kept for the next time.</summary>
    /// <exception cref="InvalidDataException">It is not a valid WebAssembly module.</exception>
    public WasmModule Load(WasmEngine engine, ReadOnlySpan<byte> wasm)
    {
        ArgumentNullException.ThrowIfNull(engine);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(wasm, hash);
        var path = Path.Combine(directory, Convert.ToHexStringLower(hash) + (engine.CountsFuel ? "-fuel" : ""));
        if (TryLoad(engine, path, hash) is { } known)
        {
            return known;
        }
        var module = engine.Compile(wasm);
        try
        {
            Keep(path, hash, engine.CountsFuel, module.Serialize());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A cache that cannot be written costs time, nothing else.
        }
        return module;
    }

    private WasmModule? TryLoad(WasmEngine engine, string path, ReadOnlySpan<byte> hash)
    {
        try
        {
            // Read once: what is checked is what is loaded, whoever writes to the file meanwhile.
            var entry = File.ReadAllBytes(path);
            return entry.Length > MacSize && CryptographicOperations.FixedTimeEquals(entry.AsSpan(0, MacSize), Mac(hash, engine.CountsFuel, entry.AsSpan(MacSize)))
                ? engine.LoadTrustedCode(entry.AsSpan(MacSize))
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Not there, or of another version of the engine.
            return null;
        }
    }

    private void Keep(string path, ReadOnlySpan<byte> hash, bool countsFuel, byte[] code)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var temporary = $"{path}.{Environment.ProcessId}";
        using (var file = File.Create(temporary))
        {
            file.Write(Mac(hash, countsFuel, code));
            file.Write(code);
        }
        File.Move(temporary, path, overwrite: true);
        foreach (var old in new DirectoryInfo(directory).GetFiles().OrderByDescending(file => file.LastWriteTimeUtc).Skip(MaxEntries))
        {
            old.Delete();
        }
    }

    private byte[] Mac(ReadOnlySpan<byte> hash, bool countsFuel, ReadOnlySpan<byte> code)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData("guardian compiled module v1\0"u8);
        mac.AppendData([countsFuel ? (byte)1 : (byte)0]);
        mac.AppendData(hash);
        mac.AppendData(code);
        return mac.GetHashAndReset();
    }
}
