using Automation.Server.Secrets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Secrets;

/// <summary>Stores of given secrets.</summary>
internal static class TestSecrets
{
    public static SecretStore Of(params (string Name, string Value)[] secrets) =>
        new(new SecretsOptions(), secrets.ToDictionary(s => SecretStore.Prefix + s.Name, s => s.Value), TimeProvider.System, NullLogger<SecretStore>.Instance);
}
