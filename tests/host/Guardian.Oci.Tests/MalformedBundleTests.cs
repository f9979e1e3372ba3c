using System.Text;
using Guardian.Oci.Containers;
using Guardian.Oci.Node;

namespace Guardian.Oci.Tests;

/// <summary>Descriptions that no engine should write end with a reason, never with a crash.</summary>
public sealed class MalformedBundleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public MalformedBundleTests() => File.WriteAllBytes(folder.File("app.wasm"), [0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0]);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"process": {"args": ["/sh"]}, "root": {"path": "."}, "root": {"path": "/"}}""")]
    [InlineData("""{"process": {"args": ["/sh"]}, "root": {"path": "a\u0000b"}}""")]
    [InlineData("""{"process": {"args": ["/sh"]}, "root": "."}""")]
    [InlineData("""{"process": {"args": [1]}, "root": {"path": "."}}""")]
    [InlineData("""{"process": {"args": ["\ud800"]}, "root": {"path": "."}}""")]
    [InlineData("""{"process": {"args": ["/app.wasm"], "user": {"uid": -1}}, "root": {"path": "."}}""")]
    [InlineData("""{"process": {"args": ["/app.wasm"], "user": {"uid": 4294967296}}, "root": {"path": "."}}""")]
    [InlineData(
        """{"process": {"args": ["/app.wasm"], "env":["GUARDIAN_SESSION=a/b","GUARDIAN_CAS=c"]},"root":{"path":"."},"mounts":[1]}""")]
    public void A_description_that_cannot_be_used_is_unusable(string description) =>
        Assert.True(Bundle.IsUnusable(Assert.ThrowsAny<Exception>(() => Rewrite(description))));

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"process": {"args": []}, "root": {"path": "."}}""")]
    [InlineData("""{"process": {"args": ["/app.wasm\u0000"]}, "root": {"path": "."}}""")]
    [InlineData("""{"process": {"args": ["app.wasm"], "cwd": "/\u0000"}, "root": {"path": "."}}""")]
    public void A_process_that_is_no_module_is_left_to_runc(string description) => Assert.Null(Rewrite(description));

    private string? Rewrite(string description) => new Bundle(folder.Path).Rewrite(
        Encoding.UTF8.GetBytes(description), new NodeSettings("/runc", "/rootfs", folder.Path, ["/guardian"], []),
        new SgxHost(folder.Path, folder.Path));
}
