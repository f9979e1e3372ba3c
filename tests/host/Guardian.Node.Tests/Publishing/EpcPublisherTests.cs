using System.Net;
using System.Text.Json.Nodes;
using Guardian.ComputeHost.Inventory;
using Guardian.Node.Publishing;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Publishing;

public sealed class EpcPublisherTests : IDisposable
{
    private readonly PretendedPlacement placement = new();
    private readonly CloudSession session;

    public EpcPublisherTests()
    {
        placement.AddHost("host", "COMPUTE_NODE", "HW_CPU_X86_AVX2");
        session = placement.Connect();
    }

    public void Dispose()
    {
        session.Dispose();
        placement.Dispose();
    }

    [Fact]
    public async Task Each_section_becomes_a_provider_below_the_host_and_the_first_keeps_the_reserve()
    {
        await PublishAsync(Host(reserved: 80, (0, 64), (1, 128)));

        Assert.Equal(["host", "host_sgx_epc_0", "host_sgx_epc_1"], placement.Names);
        Assert.Equal((64, 64), placement["host_sgx_epc_0"].Epc);
        Assert.Equal((128, 16), placement["host_sgx_epc_1"].Epc);
        Assert.Null(placement["host"].Epc);
        Assert.Equal(
            ["COMPUTE_NODE", "CUSTOM_SGX_FLC", "CUSTOM_SGX_HEALTHY", "HW_CPU_X86_AVX2", "HW_CPU_X86_SGX"],
            placement["host"].Traits.Order());
    }

    [Fact]
    public async Task Publishing_again_changes_nothing()
    {
        await PublishAsync(Host(reserved: 0, (0, 64)));
        placement.Changes.Clear();

        Assert.Empty(await PublishAsync(Host(reserved: 0, (0, 64))));
        Assert.DoesNotContain(placement.Changes, change => change.Contains("resource_providers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_provisioning_key_is_offered_beside_each_section_and_reserved_when_it_is_not_offered_any_more()
    {
        var epc = Host(reserved: 0, (0, 64), (1, 32));
        await new EpcPublisher(new PlacementClient(session), () => "host", offersKey: true).PublishAsync(epc);
        foreach (var section in new[] { "host_sgx_epc_0", "host_sgx_epc_1" })
        {
            Assert.Equal((4096L, 0L, 1L), Key(section));
        }
        Assert.Equal((64, 0), placement["host_sgx_epc_0"].Epc);
        Assert.Contains(placement.Changes, change => change.EndsWith(Epc.ProvisionKeyClass, StringComparison.Ordinal));

        // A server may hold the right, and then the class cannot be removed.
        await PublishAsync(epc);
        Assert.Equal((4096L, 4096L, 1L), Key("host_sgx_epc_0"));
        Assert.Equal((64, 0), placement["host_sgx_epc_0"].Epc);

        (long, long, long) Key(string name)
        {
            var inventory = placement[name].Inventories[Epc.ProvisionKeyClass]!;
            return ((long)inventory["total"]!, (long)inventory["reserved"]!, (long)inventory["max_unit"]!);
        }
    }

    [Fact]
    public async Task The_claim_of_the_provisioning_key_counts_on_the_same_host_alone()
    {
        var (here, there) = (placement.AddSection(placement["host"], 0), placement.AddSection(placement.AddHost("other"), 0));
        var keyHere = placement.AddSection(placement["host"], 1);
        var (withKey, without) = (Guid.NewGuid(), Guid.NewGuid());
        placement.Claims[withKey] = new() { [here.Id] = 8 };
        placement.Claims[without] = new() { [here.Id] = 8 };
        placement.Keys[withKey] = [keyHere.Id];
        placement.Keys[without] = [there.Id];
        var claims = new EpcClaims(new PlacementClient(session));
        Assert.Equal([new EpcClaim(here.Id, 0, 8) { ProvisionKey = true }], await claims.ReadAsync(withKey, "host"));
        Assert.Equal([new EpcClaim(here.Id, 0, 8)], await claims.ReadAsync(without, "host"));
    }

    [Fact]
    public async Task What_nova_compute_changes_meanwhile_stays_and_ours_is_added_to_it()
    {
        var others = 3;
        placement.BeforeChange = change =>
        {
            if (change.Contains($"{placement["host"].Id}/traits", StringComparison.Ordinal) && others-- > 0)
            {
                placement["host"].Traits.Add($"CUSTOM_OTHER_{others}");
                placement["host"].Generation++;
            }
        };

        await PublishAsync(Host(reserved: 0, (0, 64)));

        Assert.Superset(
            new HashSet<string> { "CUSTOM_OTHER_0", "CUSTOM_OTHER_2", "COMPUTE_NODE", Epc.HealthyTrait }, placement["host"].Traits);
    }

    [Fact]
    public async Task A_host_whose_check_fails_loses_its_health_before_anything_else_and_keeps_its_EPC()
    {
        await PublishAsync(Host(reserved: 0, (0, 64)));
        placement.Changes.Clear();

        Assert.Equal(
            [$"withdrew trait {Epc.HealthyTrait}", "published 32 MiB of EPC on node 0, 0 MiB of it reserved"],
            await PublishAsync(Host(reserved: 0, (0, 32)) with { IsHealthy = false }));
        Assert.Contains(Epc.SgxTrait, placement["host"].Traits);
    }

    [Fact]
    public async Task A_section_that_is_gone_has_no_inventory_when_nobody_holds_it_and_takes_no_more_guests_until_then()
    {
        await PublishAsync(Host(reserved: 0, (0, 64), (1, 64)));
        placement["host_sgx_epc_1"].Used = 8;

        await PublishAsync(Host(reserved: 0, (0, 64)));
        Assert.Equal((64, 64), placement["host_sgx_epc_1"].Epc);

        placement["host_sgx_epc_1"].Used = 0;
        await PublishAsync(Host(reserved: 0, (0, 64)));
        Assert.Empty(placement["host_sgx_epc_1"].Inventories);
        // nova-compute stops working when a provider that it knows is gone.
        Assert.DoesNotContain(placement.Changes, change => change.StartsWith("DELETE", StringComparison.Ordinal));
        Assert.Empty(await PublishAsync(Host(reserved: 0, (0, 64))));

        await PublishAsync(Host(reserved: 0, (0, 64), (1, 32)));
        Assert.Equal((32, 0), placement["host_sgx_epc_1"].Epc);
    }

    [Fact]
    public async Task What_is_claimed_of_each_section_is_known_after_a_look()
    {
        var publisher = new EpcPublisher(new PlacementClient(session), () => "host");
        await publisher.PublishAsync(Host(reserved: 0, (0, 64), (1, 128)));
        Assert.Equal(new Dictionary<int, long> { [0] = 0, [1] = 0 }, publisher.Claimed);
        placement["host_sgx_epc_1"].Used = 8;
        await publisher.PublishAsync(Host(reserved: 0, (0, 64), (1, 128)));
        Assert.Equal(new Dictionary<int, long> { [0] = 0, [1] = 8 }, publisher.Claimed);
    }

    [Fact]
    public async Task A_host_on_which_nothing_changed_costs_Placement_one_request()
    {
        (int, long)[] sections = [(0, 64), (1, 128)];
        var publisher = new EpcPublisher(new PlacementClient(session), () => "host");
        async Task<int> CountAsync()
        {
            placement.Requests = 0;
            await publisher.PublishAsync(Host(reserved: 0, sections));
            return placement.Requests;
        }
        await CountAsync();
        await CountAsync();
        Assert.Equal(1, await CountAsync());
        Assert.Equal(1, await CountAsync());
        // A claim, as every server makes one: only that section is read again.
        placement["host_sgx_epc_1"].Used = 8;
        Assert.Equal(4, await CountAsync());
        Assert.Equal(8, publisher.Claimed[1]);
        Assert.Equal(1, await CountAsync());

        // A section that is offered no more is looked at until it is as it should be.
        placement["host_sgx_epc_1"].Used = 0;
        sections = [(0, 64)];
        await CountAsync();
        await CountAsync();
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task What_others_change_is_repaired_also_after_looks_that_found_nothing()
    {
        var publisher = new EpcPublisher(new PlacementClient(session), () => "host");
        Task<IReadOnlyList<string>> AgainAsync() => publisher.PublishAsync(Host(reserved: 0, (0, 64)));
        await AgainAsync();
        await AgainAsync();
        Assert.Empty(await AgainAsync());

        placement["host_sgx_epc_0"].Inventories[Epc.ResourceClass]!["total"] = 24;
        placement["host_sgx_epc_0"].Generation++;
        Assert.Single(await AgainAsync());
        Assert.Equal((64, 0), placement["host_sgx_epc_0"].Epc);

        await AgainAsync();
        placement["host"].Traits.Remove(Epc.HealthyTrait);
        placement["host"].Generation++;
        Assert.Equal([$"set trait {Epc.HealthyTrait}"], await AgainAsync());

        await AgainAsync();
        placement.Remove("host_sgx_epc_0");
        Assert.Contains("made provider host_sgx_epc_0", await AgainAsync());

        // nova-compute makes the host's provider anew.
        await AgainAsync();
        foreach (var name in new[] { "host_sgx_epc_0", "host" })
        {
            placement.Remove(name);
        }
        placement.AddHost("host");
        Assert.Contains("made provider host_sgx_epc_0", await AgainAsync());
        await AgainAsync();
        Assert.Equal([$"withdrew trait {Epc.HealthyTrait}"], await publisher.PublishAsync(
            Host(reserved: 0, (0, 64)) with { IsHealthy = false }));
    }

    [Fact]
    public async Task A_host_without_EPC_is_no_SGX_host()
    {
        await PublishAsync(Host(reserved: 0, (0, 64)));

        await PublishAsync(Host(reserved: 0));

        Assert.Equal(["COMPUTE_NODE", "HW_CPU_X86_AVX2"], placement["host"].Traits.Order());
        Assert.Empty(placement["host_sgx_epc_0"].Inventories);
    }

    [Fact]
    public async Task Where_provider_yaml_gives_the_EPC_it_is_not_published_twice()
    {
        placement["host"].Inventories = new JsonObject
        {
            [Epc.ResourceClass] = new JsonObject
            {
                ["total"] = 64,
                ["reserved"] = 0,
                ["min_unit"] = 1,
                ["max_unit"] = 64,
                ["step_size"] = 1,
                ["allocation_ratio"] = 1.0,
            },
        };

        await PublishAsync(Host(reserved: 0, (0, 64)));

        Assert.Equal(["host"], placement.Names);
        Assert.Contains(Epc.HealthyTrait, placement["host"].Traits);
    }

    [Fact]
    public async Task TDX_keys_are_a_provider_below_the_host_whose_inventory_goes_when_they_are_not_offered_any_more()
    {
        var epc = Host(reserved: 0, (0, 64));
        await PublishAsync(epc);
        Assert.Equal(["host", "host_sgx_epc_0"], placement.Names);

        Assert.NotEmpty(await PublishAsync(epc with { TdxKeys = 63 }));
        var inventory = placement["host_tdx"].Inventories[Tdx.ResourceClass]!;
        Assert.Equal((63L, 0L, 1L), ((long)inventory["total"]!, (long)inventory["reserved"]!, (long)inventory["max_unit"]!));
        Assert.Empty(await PublishAsync(epc with { TdxKeys = 63 }));

        placement["host_tdx"].Used = 2;
        await PublishAsync(epc);
        Assert.Equal(63L, (long)placement["host_tdx"].Inventories[Tdx.ResourceClass]!["reserved"]!);
        Assert.Empty(await PublishAsync(epc));
        await PublishAsync(epc with { TdxKeys = 31 });
        Assert.Equal(31L, (long)placement["host_tdx"].Inventories[Tdx.ResourceClass]!["total"]!);

        placement["host_tdx"].Used = 0;
        await PublishAsync(epc);
        Assert.Empty(placement["host_tdx"].Inventories);
    }

    [Fact]
    public async Task Placement_away_is_transient_and_the_next_run_publishes()
    {
        placement.IsAway = true;
        Assert.True((await Assert.ThrowsAsync<RefusedException>(() => PublishAsync(Host(reserved: 0, (0, 64))))).IsTransient);

        placement.IsAway = false;
        await PublishAsync(Host(reserved: 0, (0, 64)));
        Assert.Equal((64, 0), placement["host_sgx_epc_0"].Epc);
    }

    [Fact]
    public async Task Names_that_somebody_removed_from_Placement_are_made_again()
    {
        var publisher = new EpcPublisher(new PlacementClient(session), () => "host");
        await publisher.PublishAsync(Host(reserved: 0, (0, 64)));
        // A database from before the first publication was put back, and refuses classes that it does not know.
        var isKnown = false;
        placement.Trouble = (request, _) =>
        {
            var path = request.RequestUri!.AbsolutePath;
            isKnown |= path.EndsWith($"resource_classes/{Epc.ResourceClass}", StringComparison.Ordinal);
            return Task.FromResult(request.Method == HttpMethod.Put && path.EndsWith("/inventories", StringComparison.Ordinal) && !isKnown
                ? new HttpResponseMessage(HttpStatusCode.BadRequest)
                : null);
        };
        await Assert.ThrowsAsync<RefusedException>(() => publisher.PublishAsync(Host(reserved: 0, (0, 32))));
        await publisher.PublishAsync(Host(reserved: 0, (0, 32)));
        Assert.Equal((32, 0), placement["host_sgx_epc_0"].Epc);
    }

    [Fact]
    public async Task A_round_that_fails_in_any_way_is_reported_and_the_next_one_publishes()
    {
        var (rounds, time, log) = (0, new ManualTime(), new List<string>());
        var loop = new InventoryLoop(
            new EpcPublisher(new PlacementClient(session), () => "host"),
            () => rounds++ < 2 ? throw new InvalidOperationException("out of descriptors") : Host(reserved: 0, (0, 64)), time, log.Add);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = loop.RunAsync(ending.Token);
        while (loop.PublishedAt is null && !running.IsCompleted)
        {
            if (time.Waiting > 0)
            {
                time.Advance(TimeSpan.FromSeconds(10));
            }
            await Task.Yield();
        }
        await ending.CancelAsync();
        await running;
        Assert.Equal("the inventory is not published: out of descriptors", log[0]);
        Assert.Equal((2, 1), (loop.Failures, log.Count(line => line.StartsWith("the inventory", StringComparison.Ordinal))));
        Assert.Contains(Epc.HealthyTrait, placement["host"].Traits);
    }

    [Fact]
    public async Task A_host_that_Placement_does_not_know_is_told()
    {
        var publisher = new EpcPublisher(new PlacementClient(session), () => "nobody");
        var failure = await Assert.ThrowsAsync<RefusedException>(() => publisher.PublishAsync(Host(reserved: 0, (0, 64))));

        Assert.Contains("no provider 'nobody' yet", failure.Message, StringComparison.Ordinal);
    }

    private static HostEpc Host(long reserved, params (int Node, long Mebibytes)[] sections) =>
        new(
            sections.ToDictionary(section => section.Node, section => section.Mebibytes), reserved,
            HasFlc: true, HasSgx2: false, IsHealthy: true);

    private Task<IReadOnlyList<string>> PublishAsync(HostEpc epc) =>
        new EpcPublisher(new PlacementClient(session), () => "host").PublishAsync(epc);
}
