namespace Guardian.Cli.Tests;

/// <summary><c>guardian enclave measure</c> and <c>show</c> on the vectors, with their published values.</summary>
[Trait("Starts", "processes")]
public sealed class EnclaveCommandTests : IDisposable
{
    private const string IntelSigner = "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("synth_empty.sgxs", "9e197c8837c6d65632dbdd59cd7df4f1a25b68d8e4e5eb6ca3b20b05311fecb8", null)]
    [InlineData("synth_eadd_only.sgxs", "995c454650d39811c9c53e1af534aa6c34a496ce9302c34e0ced2c7a7e2c4103", null)]
    [InlineData("synth_partial.sgxs", "1f471b6814e9d7bfc736a16112a853bdb3f063563b89e279d66ade79b1a4a846", null)]
    [InlineData("synth_tcs.sgxs", "bfa40e160cba7db8ddb3cfd8b5ad1c1b1d620ba193757c7d95e555ac4bc31da8", null)]
    [InlineData("fortanix_test_enclave.sig", "784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc",
        "fb4bab3d6036ac1d730fa83d7366df1dd2dfeac194ef335d6854d8a6c6475542")]
    [InlineData("intel_le_prod_css_sdk2.25.bin", "7881af9f9def547da9908c008f29cde9bd78064e36ac7e14c83c294ca4806150", IntelSigner)]
    [InlineData("intel_le_prod_css_sdk2.10.bin", "30498a2cb6827581d29f595da1781379fd2a676c90477f449b023eb2e9407a53", IntelSigner)]
    [InlineData("intel_le_prod_css_sdk2.4.bin", "c2c7a1829d0d6b7baa150b30bfe1524e12db7db19256c9192630268837dba3bf", IntelSigner)]
    [InlineData("intel_le_prod_css_sdk1.7.bin", "8050122c5f999a28624b23ddd85b0483caedae3f38a29d192758798e6785d090", IntelSigner)]
    [InlineData("synth_sdk_a.signed.so", "e3f6e92e03cb07bc2f06bb615ed52e698f078f12c57deffa37b5e75930b41a8f",
        "7719e97a95969f53bc7e9d5137df715f0badb92a8eeb943989d00e5a028003c2")]
    [InlineData("synth_sdk_b.signed.so", "74911481651b706e7ddaaab4f3519e6a048a25c0a6d82d73696eb3e9f3cd56c6",
        "24f58a2b18f903a47f8fdafa9b12a50f0f8bdf0ac671b0d15c0758e03e2e8e1c")]
    public async Task An_enclaves_file_gives_its_published_identity(string file, string mrEnclave, string? mrSigner)
    {
        var path = Repository.File("tests", "vectors", "sgx", file);
        var measured = (await RunAsync("measure", path, "--json")).Ends(0).Json;
        Assert.Equal((mrEnclave, mrSigner), ((string?)measured["mrEnclave"], (string?)measured["mrSigner"]));
        var shown = (await RunAsync("show", path, "--json")).Ends(0).Json;
        Assert.Equal((mrEnclave, mrSigner, mrSigner is null ? null : "good"),
            ((string?)shown["mrEnclave"], (string?)shown["mrSigner"], (string?)shown["signature"]));
    }

    [Theory]
    [InlineData("small", "29db3ec9ec3aa597aaf76114550283e07c50f945ae03fb74e5dde18ac6ae1aae")]
    [InlineData("dynamic", "b76a0888045e2c50485c87cc13f2b883b69b32c0b94cf0ff91457af9363e0d60")]
    [InlineData("full", "2d5f7566a0b4ab6298874aa4df22120d4ce28353bab61094d47485ba919c16aa")]
    public async Task A_manifest_of_Gramine_measures_as_Gramine_signed_it(string name, string mrEnclave)
    {
        var measured = (await RunAsync("measure", Gramine($"{name}.manifest.sgx"), "--libpal", Gramine("libpal.so"), "--json"))
            .Ends(0).Json;
        Assert.Equal(("gramine", mrEnclave), ((string?)measured["kind"], (string?)measured["mrEnclave"]));
        Assert.Equal(
            (string?)(await RunAsync("show", Gramine($"{name}.sig"), "--json")).Ends(0).Json["mrSigner"], (string?)measured["mrSigner"]);
    }

    [Fact]
    public async Task A_manifest_that_changed_or_is_none_is_refused()
    {
        File.Copy(Gramine("small.sig"), folder.File("small.sig"));
        var manifest = await File.ReadAllTextAsync(Gramine("small.manifest.sgx"));
        var changed = folder.Write("small.manifest.sgx", manifest.Replace("\"/a\"", "\"/b\"", StringComparison.Ordinal));
        (await RunAsync("measure", changed, "--libpal", Gramine("libpal.so"))).Ends(1).Says("it was signed as 29db3ec9");
        foreach (var (text, says) in new[]
        {
            ("sgx = [", "no manifest of Gramine"), ("a = 1", "has no 'sgx'"), ("sgx.enclave_size = '3M'", "power of two"),
            ("sgx.enclave_size = '1X'", "number of bytes"), ("sgx.enclave_size = '99999999999G'", "number of bytes"),
            ("sgx.enclave_size = 5", "no manifest of Gramine"), ("sgx.max_threads = 99999999999", "no manifest of Gramine"),
            ("sgx.max_threads = 0", "threads"), (new string('[', 100_000), "no manifest of Gramine"),
            ("sgx.a = " + new string('[', 100_000), "no manifest of Gramine"),
            ("sgx.a = " + new string('{', 100_000), "no manifest of Gramine"),
        })
        {
            (await RunAsync("measure", folder.Write("x.manifest.sgx", text), "--libpal", Gramine("libpal.so"))).Ends(1).Says(says);
        }
        (await RunAsync("measure", Gramine("small.manifest.sgx"), "--libpal", Gramine("small.sig"))).Ends(1).Says("sgx/libpal.so");
    }

    [Fact]
    public async Task For_people_a_line_is_like_that_of_sha256sum()
    {
        var path = Repository.File("tests", "vectors", "sgx", "synth_empty.sgxs");
        Assert.Equal($"9e197c8837c6d65632dbdd59cd7df4f1a25b68d8e4e5eb6ca3b20b05311fecb8  {path}",
            (await RunAsync("measure", path)).Ends(0).Output.Trim());
    }

    [Fact]
    public async Task What_is_not_as_it_was_signed_ends_with_1_and_says_why()
    {
        var enclave = await File.ReadAllBytesAsync(Repository.File("tests", "vectors", "sgx", "synth_sdk_a.signed.so"));
        enclave[0x1000] ^= 1;
        await File.WriteAllBytesAsync(folder.File("changed.so"), enclave);
        var measured = (await RunAsync("measure", folder.File("changed.so"), "--json")).Ends(1);
        Assert.Contains("it was signed as e3f6e92e", (string)measured.Json["problem"]!, StringComparison.Ordinal);

        var sigStruct = await File.ReadAllBytesAsync(Repository.File("tests", "vectors", "sgx", "fortanix_test_enclave.sig"));
        sigStruct[960] ^= 1;
        await File.WriteAllBytesAsync(folder.File("changed.sig"), sigStruct);
        Assert.Equal("bad", (string?)(await RunAsync("show", folder.File("changed.sig"), "--json")).Ends(1).Json["signature"]);
    }

    [Fact]
    public async Task What_is_no_enclave_is_refused_and_what_is_not_there_is_the_worlds_fault()
    {
        (await RunAsync("measure", folder.Write("note.txt", "hello"))).Ends(1).Says("no SGXS stream");
        (await RunAsync("measure", folder.Write("cut.sgxs", "ECREATE\0"))).Ends(1).Says("does not begin with an ECREATE record");
        (await RunAsync("show", folder.File("absent"))).Ends(3);
        (await RunAsync("show")).Ends(2);
    }

    private static string Gramine(string file) => Repository.File("tests", "vectors", "gramine", file);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, ["enclave", .. arguments]);
}
