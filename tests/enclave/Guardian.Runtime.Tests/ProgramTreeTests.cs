using System.Security.Cryptography;
using System.Text;
using Guardian.Runtime.Base;
using Guardian.Runtime.Images;

namespace Guardian.Runtime.Tests;

/// <summary>The digest of a program's files as an engine unpacked them, on a host that may have changed them.</summary>
public sealed class ProgramTreeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ProgramTreeTests()
    {
        Write("app.wasm", "\0asm one");
        Write("other.wasm", "\0asm two");
        Write("etc/app.conf", "ab");
        Write("etc/more.conf", "c");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_tree_has_the_digest_of_its_format()
    {
        string Line(string path, string content) =>
            $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))} {content.Length} {path}\n";
        var text = "guardian tree v1\n/app.wasm\n4\n" + Line("/app.wasm", "\0asm one") + Line("/etc/app.conf", "ab")
            + Line("/etc/more.conf", "c") + Line("/other.wasm", "\0asm two");
        var tree = Read();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), tree.Digest);
        Assert.Equal("\0asm one", Encoding.UTF8.GetString(tree.Program));
        Assert.Equal(["/etc/app.conf", "/etc/more.conf", "/other.wasm"], tree.Files.Select(file => file.Path).Order());
    }

    [Fact]
    public void What_an_engine_puts_beside_an_image_is_no_part_of_it()
    {
        var before = Read().Digest;
        foreach (var path in new[] { ".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "dev/console", "proc/x", "sys/y",
            "run/.containerenv" })
        {
            Write(path, "engine");
        }
        File.CreateSymbolicLink(folder.File("etc/mtab"), "/proc/mounts");
        Directory.CreateDirectory(folder.File("an/empty/folder"));
        Assert.Equal(before, Read().Digest);
        Assert.DoesNotContain(Read().Files, file => file.Path is "/etc/hosts" or "/dev/console");
    }

    // A naive digest covers the contents, one after the other.
    private string NaiveDigest()
    {
        var all = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(File.ReadAllBytes).ToArray();
        return Convert.ToHexStringLower(SHA256.HashData(all));
    }

    [Fact]
    public void A_host_that_moves_bytes_between_files_gets_another_digest()
    {
        var (naive, digest) = (NaiveDigest(), Read().Digest);
        Write("etc/app.conf", "a");
        Write("etc/more.conf", "bc");
        Assert.Equal(naive, NaiveDigest());
        Assert.NotEqual(digest, Read().Digest);
    }

    [Fact]
    public void A_host_that_renames_a_file_gets_another_digest()
    {
        var (naive, digest) = (NaiveDigest(), Read().Digest);
        File.Move(folder.File("etc/more.conf"), folder.File("etc/n.conf"));
        Assert.Equal(naive, NaiveDigest());
        Assert.NotEqual(digest, Read().Digest);
    }

    [Fact]
    public void A_host_that_starts_another_module_of_the_image_gets_another_digest()
    {
        // A naive digest does not know which of the files is started.
        var other = ProgramTree.Read(folder.Path, "/other.wasm").Value!;
        Assert.Equal("\0asm two", Encoding.UTF8.GetString(other.Program));
        Assert.NotEqual(Read().Digest, other.Digest);
    }

    [Fact]
    public void Added_changed_and_removed_files_change_the_digest()
    {
        var digest = Read().Digest;
        Write("etc/new", "");
        Assert.NotEqual(digest, Read().Digest);
        File.Delete(folder.File("etc/new"));
        Assert.Equal(digest, Read().Digest);
        Write("etc/more.conf", "d");
        Assert.NotEqual(digest, Read().Digest);
    }

    [Fact]
    public void Links_strange_names_and_missing_programs_are_refused()
    {
        Assert.Equal(RuntimeReasons.BadImage, ProgramTree.Read(folder.Path, "/missing.wasm").Refusal!.Reason);
        Assert.Equal(RuntimeReasons.BadImage, ProgramTree.Read(folder.Path, "app.wasm").Refusal!.Reason);
        Assert.Equal(RuntimeReasons.BadImage, ProgramTree.Read(folder.File("nowhere"), "/app.wasm").Refusal!.Reason);
        Write("line\nbreak", "x");
        Assert.Contains("no text", ProgramTree.Read(folder.Path, "/app.wasm").Refusal!.Detail, StringComparison.Ordinal);
        File.Delete(folder.File("line\nbreak"));
        File.CreateSymbolicLink(folder.File("etc/link"), "/etc/passwd");
        Assert.Contains("a link", ProgramTree.Read(folder.Path, "/app.wasm").Refusal!.Detail, StringComparison.Ordinal);
    }

    private OciImage Read() => ProgramTree.Read(folder.Path, "/app.wasm").Value!;

    private void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.File(path))!);
        File.WriteAllText(folder.File(path), content);
    }
}
