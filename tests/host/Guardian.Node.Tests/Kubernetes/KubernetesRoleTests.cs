using System.Collections.Concurrent;
using Grpc.Core;
using Guardian.ComputeHost.Machine;
using Guardian.Node.Kubernetes;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>The daemon serves SGX to a kubelet.</summary>
public sealed class KubernetesRoleTests : IAsyncDisposable
{
    private const string Enclave = "sgx.intel.com/enclave";
    private const string Provision = "sgx.intel.com/provision";

    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<string> log = new();
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Both_devices_are_registered_under_intels_names()
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        Run(simulated: 64, units: 5);
        foreach (var name in new[] { Enclave, Provision })
        {
            var plugin = await kubelet.WaitForAsync(name);
            Assert.Equal("v1beta1", plugin.Version);
            var units = await kubelet.ListAsync(plugin.Endpoint);
            Assert.Equal(5, units.Select(unit => unit.ID).Distinct().Count());
            Assert.All(units, unit => Assert.Equal("Healthy", unit.Health));
        }
        Assert.Contains("simulated EPC protects nothing", log);
    }

    [Fact]
    public async Task Simulated_epc_says_so_in_the_container_and_has_no_device()
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        Run(simulated: 64);
        var container = Assert.Single((await AllocateAsync(kubelet, Enclave, ["sgx-0"])).ContainerResponses);
        Assert.Equal("simulated", container.Envs["GUARDIAN_PLATFORM"]);
        Assert.Empty(container.Devices);
    }

    [Theory]
    [InlineData(Enclave, "/dev/sgx_enclave")]
    [InlineData(Provision, "/dev/sgx_provision")]
    public async Task Hardware_gives_each_resource_its_own_device(string resource, string device)
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        Run(epc: () => [new EpcSection(0, 1 << 20)]);
        var answer = await AllocateAsync(kubelet, resource, ["sgx-0"], ["sgx-1"]);
        Assert.Equal(2, answer.ContainerResponses.Count);
        Assert.All(answer.ContainerResponses, container =>
        {
            Assert.Empty(container.Envs);
            var only = Assert.Single(container.Devices);
            Assert.Equal((device, device, "rw"), (only.HostPath, only.ContainerPath, only.Permissions));
        });
    }

    [Theory]
    [InlineData("sgx-3")]
    [InlineData("sgx--1")]
    [InlineData("")]
    [InlineData("../sgx-0")]
    public async Task Units_that_do_not_exist_are_refused(string unit)
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        Run(simulated: 64, units: 3);
        var failure = await Assert.ThrowsAsync<RpcException>(() => AllocateAsync(kubelet, Enclave, ["sgx-0", unit]));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
    }

    [Fact]
    public async Task Units_are_near_the_epc_of_their_numa_node()
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        Run(units: 8, epc: () => [new EpcSection(0, 1 << 20), new EpcSection(2, 3 << 20)]);
        var units = await kubelet.ListAsync((await kubelet.WaitForAsync(Enclave)).Endpoint);
        Assert.Equal([0L, 0, 2, 2, 2, 2, 2, 2], units.Select(unit => Assert.Single(unit.Topology.Nodes).ID));
        // The provisioning device has no memory.
        var others = await kubelet.ListAsync((await kubelet.WaitForAsync(Provision)).Endpoint);
        Assert.All(others, unit => Assert.Null(unit.Topology));
    }

    [Fact]
    public async Task A_machine_without_epc_has_no_units_until_it_has_some()
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        long epc = 0;
        Run(epc: () => Interlocked.Read(ref epc) is > 0 and var size ? [new EpcSection(0, size)] : []);
        var plugin = await kubelet.WaitForAsync(Enclave);
        Assert.Empty(await kubelet.ListAsync(plugin.Endpoint));
        kubelet.Registered.Clear();
        Interlocked.Exchange(ref epc, 1 << 16);
        plugin = await kubelet.WaitForAsync(Enclave);
        Assert.NotEmpty(await kubelet.ListAsync(plugin.Endpoint));
    }

    [Fact]
    public async Task A_plugin_that_only_waits_is_lost_with_its_kubelet_and_this_one_registers_again()
    {
        await using (var first = await FakeKubelet.StartAsync(folder.Path))
        {
            Run(simulated: 64);
            await first.WaitForAsync(Enclave);
            await first.WaitForAsync(Provision);
        }

        // The kubelet that starts removes every socket: a plugin that does nothing about it cannot be reached any more.
        await using var second = await FakeKubelet.StartAsync(folder.Path);
        Assert.False(File.Exists(folder.File("guardian-sgx-enclave.sock")) && second.Registered.IsEmpty);
        foreach (var name in new[] { Enclave, Provision })
        {
            var plugin = await second.WaitForAsync(name);
            Assert.NotEmpty(await second.ListAsync(plugin.Endpoint));
        }
    }

    [Fact]
    public async Task A_kubelet_that_is_away_is_waited_for_and_told_once()
    {
        Run(simulated: 64);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (!log.Any(line => line.Contains("the kubelet does not answer", StringComparison.Ordinal)))
        {
            await Task.Delay(20, limit.Token);
        }
        await Task.Delay(TimeSpan.FromSeconds(2.5), limit.Token);
        Assert.Single(log, line => line.Contains("the kubelet does not answer", StringComparison.Ordinal));
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        await kubelet.WaitForAsync(Provision);
    }

    [Fact]
    public async Task The_list_lasts_as_long_as_the_daemon_and_no_socket_stays()
    {
        await using var kubelet = await FakeKubelet.StartAsync(folder.Path);
        Run(simulated: 64);
        var plugin = await kubelet.WaitForAsync(Enclave);
        await kubelet.WaitForAsync(Provision);
        await kubelet.CallAsync<int>(plugin.Endpoint, async client =>
        {
            using var answers = client.ListAndWatch(new Empty());
            Assert.True(await answers.ResponseStream.MoveNext(CancellationToken.None));
            var next = answers.ResponseStream.MoveNext(CancellationToken.None);
            await Task.Delay(300);
            Assert.False(next.IsCompleted);
            await StopAsync();
            try
            {
                Assert.False(await next);
            }
            catch (RpcException)
            {
                // The end of the connection is an end as well.
            }
            return 0;
        });
        Assert.Equal(["kubelet.sock"], Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName));
    }

    private void Run(int? simulated = null, int units = 110, Func<IReadOnlyList<EpcSection>>? epc = null)
    {
        var settings = new KubernetesSettings("node", simulated, units, folder.Path);
        var role = new KubernetesRole(settings, epc ?? (() => []), status: null, log.Enqueue);
        running = Task.Run(() => role.RunAsync(stopping.Token));
    }

    private async Task StopAsync()
    {
        await stopping.CancelAsync();
        await running;
    }

    private static async Task<AllocateResponse> AllocateAsync(FakeKubelet kubelet, string resource, params string[][] containers)
    {
        var plugin = await kubelet.WaitForAsync(resource);
        var request = new AllocateRequest();
        foreach (var units in containers)
        {
            var container = new ContainerAllocateRequest();
            container.DevicesIds.AddRange(units);
            request.ContainerRequests.Add(container);
        }
        return await kubelet.CallAsync(plugin.Endpoint, async client => await client.AllocateAsync(request));
    }
}
