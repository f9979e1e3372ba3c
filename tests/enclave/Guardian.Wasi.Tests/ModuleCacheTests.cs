using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Tests;

/// <summary>The cache uses a compiled module only if this runtime made it.</summary>
public sealed class ModuleCacheTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly byte[] wasm = WasmEngine.Assemble(TextGuest.Module("(call $proc_exit (i32.const 7))"));
    private readonly byte[] key = new byte[ModuleCache.KeySize];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_module_is_compiled_once_and_runs_from_the_cache()
    {
        Assert.Equal(7U, Run(key));
        var entry = Entry();
        var written = File.GetLastWriteTimeUtc(entry);
        Assert.Equal(7U, Run(key));
        Assert.Equal(written, File.GetLastWriteTimeUtc(entry));
    }

    [Fact]
    public void A_changed_entry_is_not_executed()
    {
        Assert.Equal(7U, Run(key));
        var good = File.ReadAllBytes(Entry());
        foreach (var position in new[] { 0, 31, 32, good.Length / 2, good.Length - 1 })
        {
            var bad = (byte[])good.Clone();
            bad[position] ^= 1;
            File.WriteAllBytes(Entry(), bad);
            Assert.Equal(7U, Run(key));
            Assert.Equal(good.AsSpan(32), File.ReadAllBytes(Entry()).AsSpan(32));
        }
        File.WriteAllBytes(Entry(), good[..20]);
        Assert.Equal(7U, Run(key));
    }

    [Fact]
    public void An_entry_of_another_key_or_another_module_is_not_executed()
    {
        Assert.Equal(7U, Run(key));
        var ours = File.ReadAllBytes(Entry());
        File.Delete(Entry());
        var other = WasmEngine.Assemble(TextGuest.Module("(call $proc_exit (i32.const 8))"));
        var cache = new ModuleCache(folder.Path, key);
        cache.Load(TextGuest.Engine, other).Value!.Dispose();
        // The first module's entry under the second module's name.
        File.WriteAllBytes(Entry(), ours);
        Assert.Equal(8U, Run(key, other));
        key[0] ^= 1;
        Assert.Equal(8U, Run(key, other));
    }

    [Fact]
    public void An_entry_of_an_engine_with_another_configuration_is_not_executed()
    {
        Assert.Equal(7U, Run(key));
        var ours = Entry();
        using var other = new WasmEngine(fitsEnclave: true);
        new ModuleCache(folder.Path, key).Load(other, wasm).Value!.Dispose();
        var theirs = Directory.GetFiles(folder.Path).Single(path => path != ours);
        // The MAC of our entry is for our configuration, so the other engine compiles again.
        File.Copy(ours, theirs, overwrite: true);
        new ModuleCache(folder.Path, key).Load(other, wasm).Value!.Dispose();
        Assert.NotEqual(File.ReadAllBytes(ours), File.ReadAllBytes(theirs));
        Assert.All(WasmFeatures.All, feature =>
            Assert.Equal(feature.IsOn, other.Configuration.Contains(feature.Name, StringComparison.Ordinal)));
    }

    [Fact]
    public void Modules_run_without_a_writable_folder()
    {
        File.WriteAllText(Path.Combine(folder.Path, "file"), "");
        using var module = new ModuleCache(Path.Combine(folder.Path, "file", "cache"), key).Load(TextGuest.Engine, wasm).Value;
        Assert.NotNull(module);
    }

    private string Entry() => Directory.GetFiles(folder.Path).Single();

    private uint Run(byte[] with, byte[]? program = null)
    {
        using var module = new ModuleCache(folder.Path, with).Load(TextGuest.Engine, program ?? wasm).Value!;
        using var host = new WasiHost(TextGuest.Options());
        return Guest.Run(TextGuest.Engine, module, host, new GuestLimits(), CancellationToken.None).ExitCode;
    }
}
