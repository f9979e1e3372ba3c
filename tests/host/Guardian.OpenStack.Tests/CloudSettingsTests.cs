using System.Text;
using Guardian.OpenStack.Configuration;
using Guardian.Refusals;

namespace Guardian.OpenStack.Tests;

public sealed class CloudSettingsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Variables_alone_are_enough()
    {
        var body = Body(Load(
            ("OS_AUTH_URL", "https://keystone.example:5000"), ("OS_USERNAME", "admin"), ("OS_PASSWORD", "secret"),
            ("OS_PROJECT_NAME", "admin"), ("OS_USER_DOMAIN_NAME", "Default"), ("OS_PROJECT_DOMAIN_ID", "default")));

        Assert.Equal(
            """{"auth":{"identity":{"methods":["password"],"""
            + "\"password\":{\"user\":{\"name\":\"admin\",\"domain\":{\"name\":\"Default\"},\"password\":\"secret\"}}},"
            + "\"scope\":{\"project\":{\"name\":\"admin\",\"domain\":{\"id\":\"default\"}}}}}",
            body);
    }

    [Theory]
    [InlineData("http://k:5000", "http://k:5000/v3/")]
    [InlineData("http://k:5000/v3", "http://k:5000/v3/")]
    [InlineData("https://k/identity/", "https://k/identity/v3/")]
    public void Keystone_is_found_with_and_without_version_in_its_address(string given, string expected) =>
        Assert.Equal(new Uri(expected), Load(("OS_AUTH_URL", given)).AuthAddress);

    [Fact]
    public void A_cloud_of_the_file_takes_its_password_from_the_secure_file_and_variables_come_last()
    {
        var clouds = folder.Write("clouds.yaml", """
            clouds:
              other: {auth: {auth_url: http://other}}
              mine:
                auth: &auth {auth_url: http://mine:5000/v3, username: bob, project_name: stall}
                region_name: North
                interface: internal
            """);
        var secure = folder.Write("secure.yaml", "clouds: {mine: {auth: {password: hidden}}}");

        var settings = Load(
            ("OS_CLOUD", "mine"), ("OS_CLIENT_CONFIG_FILE", clouds), ("OS_CLIENT_SECURE_FILE", secure), ("OS_PROJECT_NAME", "shop"));

        Assert.Equal(
            ("http://mine:5000/v3/", "North", "internal"), (settings.AuthAddress.ToString(), settings.Region, settings.Interface));
        Assert.Contains("\"password\":\"hidden\"", Body(settings), StringComparison.Ordinal);
        Assert.Contains("\"name\":\"shop\"", Body(settings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<<: *common")]
    [InlineData("<<: [*other, *common]")]
    public void Clouds_share_what_is_common_to_them_by_merge_keys(string merge)
    {
        var clouds = folder.Write("clouds.yaml", $$"""
            common: &common
              auth: &auth {auth_url: http://common:5000, username: bob, password: hidden}
              region_name: North
            other: &other {interface: internal}
            clouds:
              mine:
                {{merge}}
                auth:
                  <<: *auth
                  username: eve
                  project_name: shop
                region_name: South
            """);
        var settings = Load(("OS_CLOUD", "mine"), ("OS_CLIENT_CONFIG_FILE", clouds));
        Assert.Equal(("http://common:5000/v3/", "South"), (settings.AuthAddress.ToString(), settings.Region));
        Assert.Contains("\"name\":\"eve\"", Body(settings), StringComparison.Ordinal);
        Assert.Contains("\"password\":\"hidden\"", Body(settings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clouds: {mine: &mine {<<: *mine}}", "cloud 'mine' has no auth_url")]
    [InlineData("clouds: {mine: {profile: vendor}}", "cloud 'mine' has no auth_url")]
    [InlineData("clouds: {mine: {<<: text}}", "cloud 'mine' has no auth_url")]
    [InlineData("clouds: {mine: {<<: *nowhere}}", "is not YAML")]
    public void A_cloud_without_an_address_is_refused_by_its_name(string yaml, string words)
    {
        var clouds = folder.Write("clouds.yaml", yaml);
        var failure = Assert.Throws<RefusedException>(() => Load(("OS_CLOUD", "mine"), ("OS_CLIENT_CONFIG_FILE", clouds)));
        Assert.Equal(CloudReasons.Settings, failure.Refusal.Reason);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_application_credential_needs_no_project()
    {
        var body = Body(Load(
            ("OS_AUTH_URL", "http://k"), ("OS_AUTH_TYPE", "v3applicationcredential"), ("OS_APPLICATION_CREDENTIAL_ID", "id"),
            ("OS_APPLICATION_CREDENTIAL_SECRET", "s"), ("OS_PROJECT_NAME", "ignored")));

        Assert.Equal(
            """{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"secret":"s","id":"id"}}}}""", body);
    }

    [Theory]
    [InlineData("OS_CLOUD=absent", "has no cloud 'absent'")]
    [InlineData("", "no cloud is given")]
    [InlineData("OS_AUTH_URL=ftp://x", "is not an http or https address")]
    [InlineData("OS_AUTH_URL=http://x;OS_USERNAME=u", "lack password")]
    [InlineData("OS_AUTH_URL=http://x;OS_AUTH_TYPE=v3kerberos", "'v3kerberos' is not supported")]
    public void What_is_missing_is_said(string variables, string words)
    {
        var given = variables.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => (pair.Split('=')[0], pair.Split('=')[1]))
            .Append(("OS_CLIENT_CONFIG_FILE", folder.Write("clouds.yaml", "clouds: {}")));

        var failure = Assert.Throws<RefusedException>(() => Body(Load([.. given])));

        Assert.Equal(CloudReasons.Settings, failure.Refusal.Reason);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_file_is_told_by_its_line_and_none_of_its_text()
    {
        var file = folder.Write("clouds.yaml", "clouds:\n  mine: {password: [hunter2\n");

        var failure = Assert.Throws<RefusedException>(() => Load(("OS_CLOUD", "mine"), ("OS_CLIENT_CONFIG_FILE", file)));

        Assert.Contains("is not YAML: line", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
    }

    private static CloudSettings Load(params (string Name, string Value)[] variables) =>
        CloudSettings.Load(null, name => variables.FirstOrDefault(variable => variable.Name == name).Value);

    private static string Body(CloudSettings settings) => Encoding.UTF8.GetString(AuthRequest.Create(settings));
}
