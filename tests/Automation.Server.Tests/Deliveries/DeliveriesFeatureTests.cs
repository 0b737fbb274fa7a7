using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Automation.Server.Storage.Sqlite;
using Automation.Server.Tests.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Server.Tests.Deliveries;

public sealed class DeliveriesFeatureTests
{
    [Fact]
    public async Task AddDeliveries_RegistersEverythingTheWorkerNeeds()
    {
        var folder = Directory.CreateTempSubdirectory("feature").FullName;
        await using (var provider = Provider(folder, ("Deliveries:Concurrency", "7"), ("Outbound:AllowPrivate", "loopback,10.0.0.0/8")))
        {
            Assert.NotNull(provider.GetRequiredService<DeliveryWorker>());
            Assert.Equal(7, provider.GetRequiredService<DeliveryOptions>().Concurrency);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("Deliveries:Concurrency", "0")]
    [InlineData("Deliveries:Schedule", "soon")]
    [InlineData("Deliveries:CircuitFailures", "0")]
    [InlineData("Deliveries:Concurency", "5")]
    public async Task AddDeliveries_RefusesWrongSettings(string key, string value)
    {
        var folder = Directory.CreateTempSubdirectory("feature").FullName;
        await using (var provider = Provider(folder, (key, value)))
        {
            var error = Assert.ThrowsAny<Exception>(() => provider.GetRequiredService<IOptions<DeliveryOptions>>().Value);
            Assert.Contains(key.Split(':')[1], error.Message + error.InnerException?.Message, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static ServiceProvider Provider(string folder, params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
        var services = new ServiceCollection().AddLogging().AddDeliveries(configuration);
        services.AddSingleton(TestSecrets.Of());
        services.AddSingleton(s => new Journal(new SqliteSession(Path.Combine(folder, "a.db")), s.GetRequiredService<TimeProvider>(), NullLogger<Journal>.Instance));
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
    }
}
