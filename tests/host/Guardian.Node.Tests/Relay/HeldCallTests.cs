using System.Collections.Concurrent;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;
using Guardian.Node.Relay;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Relay;

/// <summary>A call that waits for Placement or libvirtd holds up nothing but itself.</summary>
public sealed class HeldCallTests
{
    private const RemoteProcedure ListDomains = (RemoteProcedure)273;

    private readonly WaitingClaims claims = new();

    [Fact]
    public void Keep_alives_and_other_calls_pass_while_definitions_wait()
    {
        using var relay = new TestRelay(claims);
        using var client = relay.Connect();
        using var other = relay.Connect();
        var defines = Enumerable.Range(0, 50).Select(_ => Define(client)).ToList();
        // The answer to libvirtd's question whether the client lives.
        var pong = new RpcHeader(0, RpcHeader.KeepAliveProgram, 1, 2, RpcType.Message, 0, RpcStatus.Ok).MakeFrame([]);
        client.Send(pong);
        Assert.Equal(pong, relay.Daemon.Next());
        client.Receive();
        var (listed, _) = client.Call(ListDomains);
        Assert.Equal((uint)ListDomains, listed.Procedure);
        Assert.Equal((uint)ListDomains, HeaderOf(relay.Daemon.Next()).Procedure);
        Assert.Equal(RpcStatus.Ok, other.Call(ListDomains).Header.Status);
        relay.Daemon.Next();
        Assert.Empty(relay.Daemon.Frames);

        claims.AnswerAll([]);
        var replies = defines.Select(_ => HeaderOf(client.Receive()!)).ToList();
        Assert.All(replies, reply => Assert.Equal(RpcStatus.Ok, reply.Status));
        Assert.Equal(defines.Select(frame => HeaderOf(frame).Serial), replies.Select(reply => reply.Serial).Order());
        Assert.Equal(
            defines.Select(Convert.ToHexString).Order(), defines.Select(_ => Convert.ToHexString(relay.Daemon.Next())).Order());
    }

    [Fact]
    public void A_call_that_waits_for_libvirtd_holds_up_no_other()
    {
        var lookup = new WaitingLookup();
        using var relay = new TestRelay(guests: lookup);
        using var client = relay.Connect();
        var guest = new GuestName("instance-00000001", Guid.Parse(TestDomain.Uuid), 1);
        client.Send(client.MakeCall(RemoteProcedure.DomainManagedSave, guest.WriteTo(new XdrWriter()).WriteUInt32(0).ToArray()));
        Assert.Equal(RpcStatus.Ok, client.Call(ListDomains).Header.Status);
        lookup.Answer.SetResult(GuestKind.Epc);
        var refused = HeaderOf(client.Receive()!);
        Assert.Equal((RpcStatus.Error, 1u), (refused.Status, refused.Serial));
        Assert.Single(relay.Daemon.Frames);
    }

    [Fact]
    public void More_waiting_calls_than_any_client_has_are_refused_at_once()
    {
        using var relay = new TestRelay(claims);
        using var client = relay.Connect();
        for (var i = 0; i < 64; i++)
        {
            Define(client);
        }
        var (header, payload) = client.Call(RemoteProcedure.DomainDefineXml, new XdrWriter().WriteString(TestDomain.Nova()).ToArray());
        Assert.Equal((RpcStatus.Error, 65u), (header.Status, header.Serial));
        Assert.Contains("too many calls", RpcError.Read(payload).Message, StringComparison.Ordinal);
        Assert.Equal(RpcStatus.Ok, client.Call(ListDomains).Header.Status);
        claims.AnswerAll([]);
        Assert.Equal(64, Enumerable.Range(0, 64).Select(_ => client.Receive()).Count(frame => frame is not null));
        // libvirtd's replies are here, but the last frame may still count as waiting for a moment.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Define(client);
                Assert.True(SpinWait.SpinUntil(
                    () =>
                    {
                        claims.AnswerAll([]);
                        return client.Socket.Available > 0;
                    },
                    TimeSpan.FromMinutes(10)));
                return HeaderOf(client.Receive()!).Status == RpcStatus.Ok;
            },
            TimeSpan.FromMinutes(10)));
    }

    [Fact]
    public void A_client_that_leaves_while_its_call_waits_leaves_nothing_behind()
    {
        using var relay = new TestRelay(claims);
        using (var client = relay.Connect())
        {
            Define(client);
            Assert.True(SpinWait.SpinUntil(() => claims.Count == 1, TimeSpan.FromMinutes(10)));
        }
        Assert.True(SpinWait.SpinUntil(() => relay.ConnectionCount == 0, TimeSpan.FromMinutes(10)));
        claims.AnswerAll([]);
        using var next = relay.Connect();
        Assert.Equal(RpcStatus.Ok, next.Call(ListDomains).Header.Status);
        Assert.Equal((uint)ListDomains, HeaderOf(relay.Daemon.Next()).Procedure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_decision_that_fails_at_once_or_later_ends_the_connection_and_no_other(bool atOnce)
    {
        claims.FailsAtOnce = atOnce;
        using var relay = new TestRelay(claims);
        using var client = relay.Connect();
        using var other = relay.Connect();
        Define(client);
        Assert.True(atOnce || SpinWait.SpinUntil(() => claims.Count == 1, TimeSpan.FromMinutes(10)));
        claims.FailAll();
        Assert.Null(client.Receive());
        Assert.Equal(RpcStatus.Ok, other.Call(ListDomains).Header.Status);
        Assert.Contains(relay.Log, line => line.Contains("a decision failed: on purpose", StringComparison.Ordinal));
    }

    private static byte[] Define(Peer client)
    {
        var call = client.MakeCall(RemoteProcedure.DomainDefineXml, new XdrWriter().WriteString(TestDomain.Nova()).ToArray());
        client.Send(call);
        return call;
    }

    private static RpcHeader HeaderOf(byte[] frame)
    {
        RpcHeader.TryRead(frame, out var header);
        return header;
    }

    /// <summary>Claims that are known when the test says so.</summary>
    private sealed class WaitingClaims : IEpcClaims
    {
        private readonly ConcurrentQueue<TaskCompletionSource<Outcome<EpcClaim[]>>> waiting = [];

        public int Count => waiting.Count;

        public bool FailsAtOnce { get; set; }

        public Task<Outcome<EpcClaim[]>> FindAsync(NovaMetadata nova)
        {
            if (FailsAtOnce)
            {
                return Task.FromException<Outcome<EpcClaim[]>>(new InvalidOperationException("on purpose"));
            }
            var answer = new TaskCompletionSource<Outcome<EpcClaim[]>>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue(answer);
            return answer.Task;
        }

        public void AnswerAll(EpcClaim[] claims)
        {
            while (waiting.TryDequeue(out var answer))
            {
                answer.SetResult(claims);
            }
        }

        public void FailAll()
        {
            while (waiting.TryDequeue(out var answer))
            {
                answer.SetException(new InvalidOperationException("on purpose"));
            }
        }
    }

    private sealed class WaitingLookup : IGuestLookup
    {
        public TaskCompletionSource<GuestKind?> Answer { get; } = new();

        public Task<GuestKind?> FindKindAsync(GuestName guest, string connectionUri) => Answer.Task;
    }
}
