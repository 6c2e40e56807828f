"""The 22 queries of TPC-H, written for this project from the specification's business questions, in Spark's SQL.

The template parameters are our own, chosen to find rows in the small tables of `rows`.
"""

from __future__ import annotations

QUERIES = {
    "q01 pricing summary": """
        select l_returnflag, l_linestatus, sum(l_quantity) as quantity, sum(l_extendedprice) as base,
               sum(l_extendedprice * (1 - l_discount)) as discounted,
               sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as charged,
               avg(l_quantity) as mean_quantity, avg(l_discount) as mean_discount, count(*) as orders
        from lineitem
        where l_shipdate <= date '2002-12-01' - interval '90' day
        group by l_returnflag, l_linestatus
        order by l_returnflag, l_linestatus
    """,
    "q02 minimum cost supplier": """
        select s_acctbal, s_name, n_name, p_partkey, p_mfgr
        from part, supplier, partsupp, nation, region
        where p_partkey = ps_partkey and s_suppkey = ps_suppkey and p_size in (8, 20) and p_type like '%BRASS'
          and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'EUROPE'
          and ps_supplycost = (
            select min(ps_supplycost) from partsupp, supplier, nation, region
            where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey
              and n_regionkey = r_regionkey and r_name = 'EUROPE')
        order by s_acctbal desc, n_name, s_name, p_partkey
        limit 100
    """,
    "q03 shipping priority": """
        select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority
        from customer, orders, lineitem
        where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey
          and o_orderdate < date '2000-03-15' and l_shipdate > date '2000-03-15'
        group by l_orderkey, o_orderdate, o_shippriority
        order by revenue desc, o_orderdate, l_orderkey
        limit 10
    """,
    "q04 order priority": """
        select o_orderpriority, count(*) as orders
        from orders
        where o_orderdate >= date '2000-01-01' and o_orderdate < date '2000-01-01' + interval '12' month
          and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate)
        group by o_orderpriority
        order by o_orderpriority
    """,
    "q05 local supplier volume": """
        select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
        from customer, orders, lineitem, supplier, nation, region
        where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey
          and c_nationkey = s_nationkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
          and r_name in ('ASIA', 'EUROPE') and o_orderdate >= date '1998-01-01'
          and o_orderdate < date '1998-01-01' + interval '4' year
        group by n_name
        order by revenue desc
    """,
    "q06 forecasting revenue change": """
        select sum(l_extendedprice * l_discount) as revenue
        from lineitem
        where l_shipdate >= date '2000-01-01' and l_shipdate < date '2000-01-01' + interval '1' year
          and l_discount between 0.06 - 0.01 and 0.06 + 0.01 and l_quantity < 24
    """,
    "q07 volume shipping": """
        select supplier_nation, customer_nation, year, sum(volume) as revenue
        from (
          select a.n_name as supplier_nation, b.n_name as customer_nation, extract(year from l_shipdate) as year,
                 l_extendedprice * (1 - l_discount) as volume
          from supplier, lineitem, orders, customer, nation a, nation b
          where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey
            and s_nationkey = a.n_nationkey and c_nationkey = b.n_nationkey
            and ((a.n_name = 'FRANCE' and b.n_name = 'GERMANY') or (a.n_name = 'GERMANY' and b.n_name = 'FRANCE'))
            and l_shipdate between date '1999-01-01' and date '2001-12-31') as shipping
        group by supplier_nation, customer_nation, year
        order by supplier_nation, customer_nation, year
    """,
    "q08 national market share": """
        select year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as share
        from (
          select extract(year from o_orderdate) as year, l_extendedprice * (1 - l_discount) as volume,
                 b.n_name as nation
          from part, supplier, lineitem, orders, customer, nation a, nation b, region
          where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey
            and o_custkey = c_custkey and c_nationkey = a.n_nationkey and a.n_regionkey = r_regionkey
            and r_name in ('AMERICA', 'EUROPE') and s_nationkey = b.n_nationkey
            and o_orderdate between date '1999-01-01' and date '2001-12-31'
            and p_type in ('ECONOMY ANODIZED STEEL', 'LARGE POLISHED BRASS')) as nations
        group by year
        order by year
    """,
    "q09 product type profit": """
        select nation, year, sum(amount) as profit
        from (
          select n_name as nation, extract(year from o_orderdate) as year,
                 l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity as amount
          from part, supplier, lineitem, partsupp, orders, nation
          where s_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey
            and o_orderkey = l_orderkey and s_nationkey = n_nationkey and p_name like '%green%') as profits
        group by nation, year
        order by nation, year desc
    """,
    "q10 returned items": """
        select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name, c_phone
        from customer, orders, lineitem, nation
        where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= date '1999-10-01'
          and o_orderdate < date '1999-10-01' + interval '3' month and l_returnflag = 'R'
          and c_nationkey = n_nationkey
        group by c_custkey, c_name, c_acctbal, c_phone, n_name
        order by revenue desc, c_custkey
        limit 20
    """,
    "q11 important stock": """
        select ps_partkey, sum(ps_supplycost * ps_availqty) as value
        from partsupp, supplier, nation
        where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY'
        group by ps_partkey
        having sum(ps_supplycost * ps_availqty) > (
          select sum(ps_supplycost * ps_availqty) * 0.01
          from partsupp, supplier, nation
          where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY')
        order by value desc, ps_partkey
    """,
    "q12 shipping modes": """
        select l_shipmode,
               sum(case when o_orderpriority = '1-URGENT' or o_orderpriority = '2-HIGH' then 1 else 0 end) as high,
               sum(case when o_orderpriority <> '1-URGENT' and o_orderpriority <> '2-HIGH' then 1 else 0 end) as low
        from orders, lineitem
        where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
          and l_shipdate < l_commitdate and l_receiptdate >= date '2000-01-01'
          and l_receiptdate < date '2000-01-01' + interval '1' year
        group by l_shipmode
        order by l_shipmode
    """,
    "q13 customer distribution": """
        select orders, count(*) as customers
        from (
          select c_custkey, count(o_orderkey) as orders
          from customer left outer join orders on c_custkey = o_custkey
               and o_comment not like '%special%requests%'
          group by c_custkey) as counted
        group by orders
        order by customers desc, orders desc
    """,
    "q14 promotion effect": """
        select 100.00 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end)
               / sum(l_extendedprice * (1 - l_discount)) as share
        from lineitem, part
        where l_partkey = p_partkey and l_shipdate >= date '2000-09-01'
          and l_shipdate < date '2000-09-01' + interval '1' month
    """,
    "q15 top supplier": """
        with revenue as (
          select l_suppkey as supplier_no, sum(l_extendedprice * (1 - l_discount)) as total
          from lineitem
          where l_shipdate >= date '2000-01-01' and l_shipdate < date '2000-01-01' + interval '3' month
          group by l_suppkey)
        select s_suppkey, s_name, s_address, s_phone, total
        from supplier, revenue
        where s_suppkey = supplier_no and total = (select max(total) from revenue)
        order by s_suppkey
    """,
    "q16 parts and suppliers": """
        select p_brand, p_type, p_size, count(distinct ps_suppkey) as suppliers
        from partsupp, part
        where p_partkey = ps_partkey and p_brand <> 'Brand#45' and p_type not like 'MEDIUM POLISHED%'
          and p_size in (1, 2, 3, 5, 8, 20)
          and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%Customer%Complaints%')
        group by p_brand, p_type, p_size
        order by suppliers desc, p_brand, p_type, p_size
    """,
    "q17 small quantity orders": """
        select sum(l_extendedprice) / 7.0 as yearly
        from lineitem, part
        where p_partkey = l_partkey and p_brand = 'Brand#23' and p_container = 'MED BOX'
          and l_quantity < (select 0.5 * avg(l_quantity) from lineitem where l_partkey = p_partkey)
    """,
    "q18 large volume customer": """
        select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) as quantity
        from customer, orders, lineitem
        where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 200)
          and c_custkey = o_custkey and o_orderkey = l_orderkey
        group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
        order by o_totalprice desc, o_orderdate, o_orderkey
        limit 100
    """,
    "q19 discounted revenue": """
        select sum(l_extendedprice * (1 - l_discount)) as revenue
        from lineitem, part
        where p_partkey = l_partkey and l_shipmode in ('AIR', 'REG AIR') and l_shipinstruct = 'DELIVER IN PERSON'
          and ((p_brand = 'Brand#12' and p_container in ('SM CASE', 'SM BOX') and l_quantity between 1 and 30)
            or (p_brand = 'Brand#23' and p_container in ('MED BAG', 'MED BOX') and l_quantity between 10 and 40)
            or (p_brand = 'Brand#34' and p_container in ('LG CASE', 'LG BOX') and l_quantity between 20 and 50))
    """,
    "q20 potential part promotion": """
        select s_name, s_address
        from supplier, nation
        where s_suppkey in (
            select ps_suppkey from partsupp
            where ps_partkey in (select p_partkey from part where p_name like 'forest%')
              and ps_availqty > (
                select 0.01 * sum(l_quantity) from lineitem
                where l_partkey = ps_partkey and l_suppkey = ps_suppkey
                  and l_shipdate >= date '1998-01-01' and l_shipdate < date '1998-01-01' + interval '5' year))
          and s_nationkey = n_nationkey and n_name in ('CANADA', 'FRANCE', 'GERMANY')
        order by s_name, s_address
    """,
    "q21 suppliers who kept orders waiting": """
        select s_name, count(*) as waiting
        from supplier, lineitem a, orders, nation
        where s_suppkey = a.l_suppkey and o_orderkey = a.l_orderkey and o_orderstatus = 'F'
          and a.l_receiptdate > a.l_commitdate
          and exists (select * from lineitem b where b.l_orderkey = a.l_orderkey and b.l_suppkey <> a.l_suppkey)
          and not exists (select * from lineitem c where c.l_orderkey = a.l_orderkey
                          and c.l_suppkey <> a.l_suppkey and c.l_receiptdate > c.l_commitdate)
          and s_nationkey = n_nationkey and n_name in ('BRAZIL', 'FRANCE', 'GERMANY', 'CANADA')
        group by s_name
        order by waiting desc, s_name
        limit 100
    """,
    "q22 global sales opportunity": """
        select code, count(*) as customers, sum(c_acctbal) as balance
        from (
          select substring(c_phone, 1, 2) as code, c_acctbal
          from customer
          where substring(c_phone, 1, 2) in ('13', '31', '23', '29')
            and c_acctbal > (select avg(c_acctbal) from customer
                             where c_acctbal > 0.00 and substring(c_phone, 1, 2) in ('13', '31', '23', '29'))
            and not exists (select * from orders where o_custkey = c_custkey and o_orderpriority = '1-URGENT')
        ) as sale
        group by code
        order by code
    """,
}

WORDS = """
p_type = 'ECONOMY ANODIZED STEEL' p_type = 'LARGE POLISHED BRASS' p_type = 'PROMO PLATED TIN'
p_type = 'MEDIUM POLISHED COPPER' p_name = 'forest green' p_name = 'blush thistle' p_name = 'forest azure'
c_phone = '13-105' c_phone = '31-204' c_phone = '99-301' o_comment = 'special fast requests' o_comment = 'quick'
s_comment = 'Customer said Complaints' s_comment = 'even' s_comment = 'bold' l_returnflag = 'A' l_returnflag = 'N'
o_orderpriority = '3-MEDIUM' o_orderstatus = 'O' l_linestatus = 'O' l_linestatus = 'F' c_mktsegment = 'MACHINERY'
ps_availqty = 100 ps_availqty = 9 n_name = 'CANADA'
"""
"""Values that the queries find by a pattern, or leave out, as conditions that `rows` reads."""
