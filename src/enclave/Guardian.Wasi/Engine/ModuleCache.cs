using System.Security.Cryptography;
using Guardian.Refusals;

namespace Guardian.Wasi.Engine;

/// <summary>
/// A folder with the native code of modules that were compiled before. The process executes this code unchecked, so an entry is used only
/// if its MAC, made with the runtime's own key, fits the code and the hash of its WebAssembly. Every other entry counts as absent.
/// </summary>
/// <remarks>An entry is MAC 32 | code. Thread-safe, also across processes.</remarks>
public sealed class ModuleCache
{
    /// <summary>Size of the key in bytes.</summary>
    public const int KeySize = 32;

    // Compiled modules are large; the oldest are deleted.
    private const int MaxEntries = 64;
    private const int MacSize = HMACSHA256.HashSizeInBytes;

    private readonly string directory;
    private readonly byte[] key;

    /// <param name="directory">The folder; created when it is missing.</param>
    /// <param name="key"><see cref="KeySize"/> bytes that only this runtime knows. Copied.</param>
    public ModuleCache(string directory, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        this.directory = directory;
        this.key = key.ToArray();
    }

    /// <summary>Loads a module from the cache, or compiles it and stores it for the next time.</summary>
    /// <param name="engine">The engine that will run the module.</param>
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <returns>The module, which the caller disposes, or the refusal of <see cref="WasmEngine.Compile"/>.</returns>
    public Outcome<WasmModule> Load(WasmEngine engine, ReadOnlySpan<byte> wasm)
    {
        ArgumentNullException.ThrowIfNull(engine);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(wasm, hash);
        var path = Path.Combine(directory, Convert.ToHexStringLower(hash) + (engine.CountsFuel ? "-fuel" : ""));
        if (TryLoad(engine, path, hash) is { } cached)
        {
            return cached;
        }
        var compiled = engine.Compile(wasm);
        if (compiled.Value is { } module)
        {
            try
            {
                WriteEntry(path, hash, engine.CountsFuel, module.Serialize());
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Without a writable cache the next start compiles again.
            }
        }
        return compiled;
    }

    private WasmModule? TryLoad(WasmEngine engine, string path, ReadOnlySpan<byte> hash)
    {
        try
        {
            // Read the file once, so that the checked bytes are the loaded bytes even if somebody writes to the file meanwhile.
            var entry = File.ReadAllBytes(path);
            if (entry.Length <= MacSize)
            {
                return null;
            }
            var code = entry.AsSpan(MacSize);
            var isOurs = CryptographicOperations.FixedTimeEquals(entry.AsSpan(0, MacSize), ComputeMac(hash, engine.CountsFuel, code));
            return isOurs ? engine.LoadTrustedCode(code) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void WriteEntry(string path, ReadOnlySpan<byte> hash, bool countsFuel, byte[] code)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var temporary = $"{path}.{Environment.ProcessId}";
        using (var file = File.Create(temporary))
        {
            file.Write(ComputeMac(hash, countsFuel, code));
            file.Write(code);
        }
        File.Move(temporary, path, overwrite: true);
        foreach (var old in new DirectoryInfo(directory).GetFiles().OrderByDescending(file => file.LastWriteTimeUtc).Skip(MaxEntries))
        {
            old.Delete();
        }
    }

    private byte[] ComputeMac(ReadOnlySpan<byte> hash, bool countsFuel, ReadOnlySpan<byte> code)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData("guardian compiled module v1\0"u8);
        mac.AppendData([countsFuel ? (byte)1 : (byte)0]);
        mac.AppendData(hash);
        mac.AppendData(code);
        return mac.GetHashAndReset();
    }
}
