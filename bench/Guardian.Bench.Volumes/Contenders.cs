using System.Diagnostics;
using System.Security.Cryptography;
using Guardian.Files;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Bench.Volumes;

/// <summary>A place for files whose speed is measured.</summary>
internal interface IContender : IDisposable
{
    string Name { get; }

    void Create(string name);

    void Delete(string name);

    void Write(string name, long offset, ReadOnlySpan<byte> data);

    void Read(string name, long offset, Span<byte> buffer);

    void Sync(string name);

    /// <summary>Drops everything in memory. The host's cache of the stored bytes stays, for all contenders.</summary>
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
        ThrowOnError(volume.Root.CreateFile(name, out var file));
        open[name] = file!;
    }

    public void Delete(string name)
    {
        if (open.Remove(name, out var file))
        {
            file.Dispose();
        }
        ThrowOnError(volume.Root.RemoveFile(name));
    }

    public void Write(string name, long offset, ReadOnlySpan<byte> data) => ThrowOnError(File(name).Write((ulong)offset, data, out _));

    public void Read(string name, long offset, Span<byte> buffer) => ThrowOnError(File(name).Read((ulong)offset, buffer, out _));

    public void Sync(string name) => ThrowOnError(File(name).Sync(dataOnly: true));

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

    private static void ThrowOnError(FileError error)
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
            ThrowOnError(volume.Root.Open(name, FileOpenMode.Read | FileOpenMode.Write, out var node));
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
        // A higher cost of the password would only slow the mounting.
        Run("gocryptfs", "-q", "-init", "-scryptn", "10", "-extpass", "echo bench", cipher);
        Mount();
    }

    /// <summary>Mounts a folder.</summary>
    /// <returns>Null when gocryptfs does not run here, which the console then says.</returns>
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

/// <summary>Only AES-256-GCM of each block in memory: on one processor, no encrypted file can be faster.</summary>
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
