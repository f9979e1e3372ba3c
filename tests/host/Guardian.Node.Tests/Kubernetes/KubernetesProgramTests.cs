using System.Diagnostics;
using Guardian.Node.Kubernetes;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>The role as a process.</summary>
[Trait("Starts", "processes")]
public sealed class KubernetesProgramTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2, "--node needs the node's name", "kubernetes")]
    [InlineData(2, "guardian-node kubernetes --node NAME", "kubernetes", "--nodes", "a")]
    [InlineData(2, "'admission', 'collateral', 'kubernetes' and 'quoting'", "kubernets")]
    [InlineData(2, "guardian-node admission --certificate FILE", "admission")]
    [InlineData(3, "/nowhere/c and /nowhere/k", "admission", "--certificate", "/nowhere/c", "--key", "/nowhere/k")]
    [InlineData(3, "there is no folder /nowhere", "kubernetes", "--node", "a", "--folder", "/nowhere")]
    [InlineData(3, "this is no pod of Kubernetes", "kubernetes", "withdraw")]
    public async Task Mistakes_have_their_exit_codes(int exitCode, string words, params string[] arguments)
    {
        using var program = Start(arguments);
        var error = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await EndAsync(program);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Equal(exitCode, program.ExitCode);
    }

    [Fact]
    public async Task Sigterm_ends_it_with_0_and_takes_its_sockets_away()
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        using var program = Start("kubernetes", "--node", "n", "--simulated-epc", "8", "--folder", folder.Path);
        foreach (var name in new[] { "sgx.intel.com/enclave", "sgx.intel.com/provision" })
        {
            var plugin = await kubelet.WaitForAsync(name);
            Assert.Equal(110, (await kubelet.ListAsync(plugin.Endpoint)).Count);
            var request = new AllocateRequest { ContainerRequests = { new ContainerAllocateRequest { DevicesIds = { "sgx-0" } } } };
            var answer = await kubelet.CallAsync(plugin.Endpoint, async client => await client.AllocateAsync(request));
            Assert.Equal("simulated", Assert.Single(answer.ContainerResponses).Envs["GUARDIAN_PLATFORM"]);
        }
        using (var kill = Process.Start("kill", ["-TERM", program.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        await EndAsync(program);
        Assert.Equal(0, program.ExitCode);
        Assert.Equal(["kubelet.sock"], Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName));
    }

    private static Process Start(params string[] arguments)
    {
        var command = GuardianProgram.Command("Guardian.Node", "guardian-node");
        return Process.Start(new ProcessStartInfo(command[0], [.. command[1..], .. arguments]) { RedirectStandardError = true })!;
    }

    private static async Task EndAsync(Process program)
    {
        using var limit = new CancellationTokenSource(Limit);
        await program.WaitForExitAsync(limit.Token);
    }
}
