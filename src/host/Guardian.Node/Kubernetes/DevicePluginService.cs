using Grpc.Core;

namespace Guardian.Node.Kubernetes;

/// <summary>
/// Answers the kubelet for one resource. Every unit is the same device, and their number limits the containers that have it.
/// </summary>
/// <param name="resource">The resource.</param>
/// <param name="units">The number of units on a node with EPC.</param>
/// <param name="epc">The EPC of the node.</param>
/// <param name="stopping">Ends the answers that last.</param>
internal sealed class DevicePluginService(SgxResource resource, int units, NodeEpc epc, CancellationToken stopping)
    : DevicePlugin.DevicePluginBase
{
    private readonly IReadOnlyList<string> identifiers = SgxResource.ListUnits(epc.Bytes > 0 ? units : 0);

    /// <inheritdoc/>
    public override Task<DevicePluginOptions> GetDevicePluginOptions(Empty request, ServerCallContext context) =>
        Task.FromResult(new DevicePluginOptions());

    /// <inheritdoc/>
    public override async Task ListAndWatch(
        Empty request, IServerStreamWriter<ListAndWatchResponse> responseStream, ServerCallContext context)
    {
        var answer = new ListAndWatchResponse();
        answer.Devices.AddRange(identifiers.Select(Describe));
        await responseStream.WriteAsync(answer, context.CancellationToken).ConfigureAwait(false);

        // The kubelet takes the end of this answer for the end of the plugin.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        await Task.Delay(Timeout.Infinite, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public override Task<AllocateResponse> Allocate(AllocateRequest request, ServerCallContext context)
    {
        var answer = new AllocateResponse();
        foreach (var container in request.ContainerRequests)
        {
            if (container.DevicesIds.FirstOrDefault(unit => !identifiers.Contains(unit)) is { } unknown)
            {
                throw new RpcException(new Status(StatusCode.InvalidArgument, $"{resource.Name} has no unit '{unknown}'"));
            }
            answer.ContainerResponses.Add(DescribeContainer());
        }
        return Task.FromResult(answer);
    }

    // The kubelet's topology manager puts the processors of a container near the EPC of its unit.
    private Device Describe(string identifier, int unit)
    {
        var device = new Device { ID = identifier, Health = "Healthy" };
        if (resource == SgxResource.Enclave && epc.FindNumaNode(unit, identifiers.Count) is { } node)
        {
            device.Topology = new TopologyInfo();
            device.Topology.Nodes.Add(new NUMANode { ID = node });
        }
        return device;
    }

    // A simulated enclave needs no device. The variable says what the pod got, and the session decides whether it suffices.
    private ContainerAllocateResponse DescribeContainer()
    {
        var container = new ContainerAllocateResponse();
        if (epc.IsSimulated)
        {
            container.Envs.Add("GUARDIAN_PLATFORM", epc.Platform);
        }
        else
        {
            container.Devices.Add(new DeviceSpec { ContainerPath = resource.Device, HostPath = resource.Device, Permissions = "rw" });
        }
        return container;
    }
}
