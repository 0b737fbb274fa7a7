using Automation.Server.Values;

namespace Automation.Server.Tests.Api;

/// <summary>A test with a server and a journal of its own.</summary>
public abstract class ApiTest : IAsyncLifetime
{
    public ApiServer Server { get; } = new();

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static string EventId(long id) => PublicId.Format(PublicId.Event, id);

    protected static string RunId(long id) => PublicId.Format(PublicId.Run, id);

    protected static string DeliveryId(long id) => PublicId.Format(PublicId.Delivery, id);

    protected async Task<string[]> IdsAsync(string path) => [.. (await Server.GetAsync(path))["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>())];
}
