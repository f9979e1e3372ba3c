using System.Diagnostics;
using System.Security.Cryptography;
using Guardian.Files;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Bench.Volumes;

/// <summary>A place for files that is measured.</summary>
internal interface IContender : IDisposable
{
    string Name { get; }

    void Create(string name);

    void Delete(string name);

    void Write(string name, long offset, ReadOnlySpan<byte> data);

    void Read(string name, long offset, Span<byte> buffer);

    void Sync(string name);

    /// <summary>Forgets everything it holds in memory; the host's cache of what is stored stays, for all alike.</summary>
    void Reopen();
}

/// <summary>An encrypted volume.</summary>
internal sealed class VolumeContender : IContender
{
    private readonly string folder;
    private readonly VolumeKey key = VolumeKey.Create();
    private readonly Dictionary<string, IFile> open = [];
    private Volume volume;

    public VolumeContender(string folder)
    {
        this.folder = Path.Combine(folder, "volume");
        volume = Volume.Create(this.folder, key);
    }

    public string Name => "volume";

    public void Create(string name)
    {
        Demand(volume.Root.CreateFile(name, out var file));
        open[name] = file!;
    }

    public void Delete(string name)
    {
        if (open.Remove(name, out var file))
        {
            file.Dispose();
        }
        Demand(volume.Root.RemoveFile(name));
    }

    public void Write(string name, long offset, ReadOnlySpan<byte> data) => Demand(File(name).Write((ulong)offset, data, out _));

    public void Read(string name, long offset, Span<byte> buffer) => Demand(File(name).Read((ulong)offset, buffer, out _));

    public void Sync(string name) => Demand(File(name).Sync(dataOnly: true));

    public void Reopen()
    {
        open.Clear();
        volume.Dispose();
        volume = Volume.Open(folder, key);
    }

    public void Dispose()
    {
        volume.Dispose();
        key.Dispose();
    }

    private static void Demand(FileError error)
    {
        if (error != FileError.Success)
        {
            throw new IOException(error.ToString());
        }
    }

    private IFile File(string name)
    {
        if (!open.TryGetValue(name, out var file))
        {
            Demand(volume.Root.Open(name, FileOpenMode.Read | FileOpenMode.Write, out var node));
            open[name] = file = (IFile)node!;
        }
        return file;
    }
}

/// <summary>Plain files in a folder.</summary>
internal class FolderContender(string name, string folder) : IContender
{
    private readonly Dictionary<string, SafeFileHandle> open = [];

    public string Name => name;

    public string Folder { get; } = Directory.CreateDirectory(folder).FullName;

    public void Create(string name) => open[name] = File.OpenHandle(Path.Combine(Folder, name), FileMode.Create, FileAccess.ReadWrite);

    public void Delete(string name)
    {
        Close(name);
        File.Delete(Path.Combine(Folder, name));
    }

    public void Write(string name, long offset, ReadOnlySpan<byte> data) => RandomAccess.Write(Handle(name), data, offset);

    public void Read(string name, long offset, Span<byte> buffer) => RandomAccess.Read(Handle(name), buffer, offset);

    public void Sync(string name) => RandomAccess.FlushToDisk(Handle(name));

    public virtual void Reopen() => CloseAll();

    public virtual void Dispose() => CloseAll();

    protected void CloseAll()
    {
        foreach (var name in open.Keys.ToList())
        {
            Close(name);
        }
    }

    private void Close(string name)
    {
        if (open.Remove(name, out var handle))
        {
            handle.Dispose();
        }
    }

    private SafeFileHandle Handle(string name)
    {
        if (!open.TryGetValue(name, out var handle))
        {
            open[name] = handle = File.OpenHandle(Path.Combine(Folder, name), FileMode.Open, FileAccess.ReadWrite);
        }
        return handle;
    }
}

/// <summary>A gocryptfs mount.</summary>
internal sealed class GocryptfsContender : FolderContender
{
    private readonly string cipher;

    private GocryptfsContender(string folder) : base("gocryptfs", Path.Combine(folder, "mount"))
    {
        cipher = Directory.CreateDirectory(Path.Combine(folder, "cipher")).FullName;
        // The cost of the password only slows the mounting.
        Run("gocryptfs", "-q", "-init", "-scryptn", "10", "-extpass", "echo bench", cipher);
        Mount();
    }

    /// <summary>Null, with a word why, where there is none.</summary>
    public static GocryptfsContender? Start(string folder)
    {
        try
        {
            return new GocryptfsContender(folder);
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or IOException)
        {
            Console.WriteLine($"without gocryptfs: {failure.Message}");
            return null;
        }
    }

    public override void Reopen()
    {
        CloseAll();
        Run("fusermount3", "-u", Folder);
        Mount();
    }

    public override void Dispose()
    {
        base.Dispose();
        Run("fusermount3", "-u", Folder);
    }

    private void Mount() => Run("gocryptfs", "-q", "-extpass", "echo bench", cipher, Folder);

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments))!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{program} ended with {process.ExitCode}");
        }
    }
}

/// <summary>AES-256-GCM of each block in memory and nothing else: what no encrypted file can be faster than on one processor.</summary>
internal sealed class CipherContender : IContender
{
    private readonly AesGcm cipher = new(new byte[32], 16);
    private readonly byte[] nonce = new byte[12];
    private readonly byte[] tag = new byte[16];
    private readonly byte[] target = new byte[64 * 1024];

    public string Name => "bare AES-GCM";

    public void Create(string name)
    {
    }

    public void Delete(string name)
    {
    }

    public void Write(string name, long offset, ReadOnlySpan<byte> data) => cipher.Encrypt(nonce, data, target.AsSpan(0, data.Length), tag);

    public void Read(string name, long offset, Span<byte> buffer) => cipher.Encrypt(nonce, target.AsSpan(0, buffer.Length), buffer, tag);

    public void Sync(string name)
    {
    }

    public void Reopen()
    {
    }

    public void Dispose() => cipher.Dispose();
}
