//! The reading floor: the library's own endpoint, no credentials, no limits, twenty objects that are always the same.

use std::io::Write;

use async_graphql::{EmptyMutation, EmptySubscription, ID, InputObject, Object, Schema, SimpleObject};
use async_graphql_poem::GraphQL;
use poem::{
    Route, Server,
    listener::{Acceptor, Listener, TcpListener},
};

use crate::Result;

#[derive(SimpleObject)]
struct District {
    name: String,
}

#[derive(SimpleObject)]
struct Unit {
    id: ID,
    code: String,
    sleeps: i32,
    district: District,
}

#[derive(SimpleObject)]
struct Offer {
    unit: Unit,
}

#[derive(SimpleObject)]
struct Edge {
    node: Offer,
}

#[derive(SimpleObject)]
struct Connection {
    edges: Vec<Edge>,
}

#[derive(InputObject)]
struct AvailabilityInput {
    arrival: String,
    departure: String,
    adults: i32,
    children: i32,
}

struct Availability {
    offers: Connection,
}

#[Object]
impl Availability {
    async fn offers(&self, first: i32) -> &Connection {
        // So that the argument costs what an argument costs.
        std::hint::black_box(first);
        &self.offers
    }
}

struct Query {
    availability: Availability,
    units: Vec<Unit>,
}

#[Object]
impl Query {
    /// The same query as the service's, answered with the same twenty, whatever is asked.
    async fn availability(&self, ask: AvailabilityInput) -> &Availability {
        std::hint::black_box((ask.arrival, ask.departure, ask.adults, ask.children));
        &self.availability
    }

    /// The same twenty objects as a plain list.
    async fn units(&self, first: i32) -> &[Unit] {
        std::hint::black_box(first);
        &self.units
    }
}

fn units() -> impl Iterator<Item = Unit> {
    (1..=20).map(|n| Unit {
        // As long as the service's ids.
        id: ID(format!("VW5pdDowMTk5YWJjZC1lZjAxLTcyMzQtODU2Ny04OWFiY2RlZjAx{n:02}")),
        code: format!("U-{n:04}"),
        sleeps: 1 + n % 6,
        district: District { name: "Welwyn Hatfield".into() },
    })
}

/// Serves it on a free port, whose address it prints, until it is stopped.
pub fn serve() -> Result<()> {
    let offers = Connection { edges: units().map(|unit| Edge { node: Offer { unit } }).collect() };
    let query = Query { availability: Availability { offers }, units: units().collect() };
    let schema = Schema::new(query, EmptyMutation, EmptySubscription);
    tokio::runtime::Runtime::new()?.block_on(async {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr().first().and_then(|address| address.as_socket_addr().copied());
        let address = address.ok_or("no address")?;
        let mut out = std::io::stdout();
        writeln!(out, "Listening on http://{address}")?;
        out.flush()?;
        let app = Route::new().at("/graphql", GraphQL::new(schema));
        Ok(Server::new_with_acceptor(acceptor).run(app).await?)
    })
}
