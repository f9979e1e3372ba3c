using Guardian.Cli.Commands.Kubernetes;

namespace Guardian.Cli.Tests.Kubernetes;

/// <summary>A page compares what pods claim with what the CAS verified.</summary>
public sealed class VerifyTests
{
    private const string Pods =
        """
        {"items": [
          {"metadata": {"namespace": "a", "name": "one", "annotations": {"org.guardian.session": "shop/web"}},
           "spec": {"containers": [{"name": "c"}, {"name": "waits"}, {"name": "sidecar"}]},
           "status": {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": "2026-06-01T10:00:00Z"}}},
             {"name": "waits", "state": {"waiting": {}}},
             {"name": "sidecar", "state": {"running": {"startedAt": "2026-06-01T10:00:00Z"}}}]}},
          {"metadata": {"namespace": "a", "name": "two",
             "annotations": {"org.guardian.session.c": "shop/db", "org.guardian.session": "x/y"}},
           "spec": {"containers": [{"name": "c"}]},
           "status": {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": "2026-06-01T12:00:00Z"}}}]}},
          {"metadata": {"namespace": "b", "name": "three"},
           "spec": {"containers": [{"name": "c", "env": [{"name": "A"}, {"name": "GUARDIAN_SESSION", "value": "shop/web"}]}]},
           "status": {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": "2026-06-01T11:00:00Z"}}}]}},
          {"metadata": {"namespace": "b", "name": "plain"}, "spec": {"containers": [{"name": "c"}]},
           "status": {"containerStatuses": [{"name": "c", "state": {"running": {}}}]}},
          {"metadata": {"namespace": "b", "name": "ended", "annotations": {"org.guardian.session": "shop/web"}},
           "spec": {"containers": [{"name": "c"}]}, "status": {"containerStatuses": [{"name": "c", "state": {"terminated": {}}}]}}
        ]}
        """;

    [Fact]
    public void Containers_that_run_and_name_a_service_are_found()
    {
        Assert.Equal(
            ["a/one/c shop/web 10", "a/two/c shop/db 12", "b/three/c shop/web 11"],
            RunningProgramList.Read(Pods)!.Select(
                each => $"{each.Namespace}/{each.Pod}/{each.Container} {each.Service} {each.StartedAt!.Value.Hour}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"items\": 1}")]
    [InlineData("{\"kind\": \"Service\"}")]
    public void Other_texts_are_no_pods(string text) => Assert.Null(RunningProgramList.Read(text));

    [Theory]
    [InlineData("{\"items\": [1, null, {\"metadata\": 1}, {\"metadata\": {\"namespace\": \"\\ud800\", \"name\": \"b\"}}]}")]
    [InlineData("{\"items\": [{\"metadata\": {\"namespace\": \"a\", \"name\": \"b\"}, \"spec\": {\"containers\": {\"name\": 1}}}]}")]
    [InlineData("{\"kind\": \"Pod\"}")]
    public void Pods_of_another_form_have_no_programs(string text) => Assert.Empty(RunningProgramList.Read(text)!);

    [Fact]
    public void A_service_is_verified_if_the_cas_admitted_as_many_enclaves_as_containers_claim_to_be_it()
    {
        var services = ServiceVerification.Compare(
            RunningProgramList.Read(Pods)!,
            [
                Admitted("shop/web", "09:00"), Admitted("shop/web", "10:00"), Admitted("shop/web", "11:00"), Admitted("shop/db", "11:00"),
            ]);
        Assert.Equal(["shop/db", "shop/web"], services.Select(service => service.Service));
        // The enclave of shop/db was admitted an hour before this container started: its quote was of another one.
        Assert.Equal((0, false), (services[0].Admitted, services[0].IsVerified));
        Assert.Equal((2, true), (services[1].Admitted, services[1].IsVerified));
        Assert.Equal("2026-06-01T11:00:00Z", services[1].Last);
    }

    [Fact]
    public void A_pod_that_only_claims_to_be_a_service_is_not_verified()
    {
        var services = ServiceVerification.Compare(RunningProgramList.Read(Pods)!, [Admitted("shop/web", "10:00")]);
        Assert.All(services, service => Assert.False(service.IsVerified));
    }

    [Fact]
    public void A_container_whose_start_nobody_knows_is_not_verified()
    {
        var container = new RunningContainer("a", "b", "c", "shop/web", StartedAt: null);
        Assert.False(Assert.Single(ServiceVerification.Compare([container], [Admitted("shop/web", "10:00")])).IsVerified);
    }

    private static Admission Admitted(string service, string time) =>
        new(service, $"2026-06-01T{time}:00Z", "mrenclave 1", "session hash 2");
}
